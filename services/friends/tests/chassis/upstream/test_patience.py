"""Timeouts and concurrency limits of the upstream client."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import pytest
from aiohttp import web

from chassis import errors

from .stub import Upstream, client_of, logged, whole


async def test_runs_as_many_concurrent_calls_as_allowed(upstream: Upstream) -> None:
    calls = 120  # more than aiohttp's default
    all_there = asyncio.Event()

    async def wait_for_all(_request: web.BaseRequest) -> web.StreamResponse:
        if len(upstream.requests) == calls:
            all_there.set()
        await all_there.wait()
        return web.json_response(1)

    upstream.handler = wait_for_all
    async with client_of(upstream.url, http_client_concurrency=calls) as client:
        assert await asyncio.gather(*(client.get("/", read=whole) for _ in range(calls))) == [1] * calls


@pytest.fixture
def full_port() -> Iterator[int]:
    """Yield a port with a full backlog, where connections time out as behind a firewall that drops packets."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(server.getsockname())
        yield server.getsockname()[1]


async def test_connect_timeout_limits_the_wait_for_a_connection(full_port: int) -> None:
    async with client_of(f"http://127.0.0.1:{full_port}", http_client_connect_timeout=0.1) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get("/", read=whole)


async def test_total_timeout_covers_all_attempts(upstream: Upstream, caplog: pytest.LogCaptureFixture) -> None:
    async def late_error(_request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(0.15)
        return web.Response(status=500)

    upstream.handler = late_error
    async with client_of(upstream.url, http_client_retries=50, http_client_total_timeout=0.3) as client:
        with pytest.raises(errors.UpstreamTimeout, match=r"^The users service did not respond in time\.$"):
            await client.get("/", read=whole)
    assert len(upstream.requests) <= 3
    assert logged(caplog)[-1] == "upstream users did not respond in time: GET /"


async def test_total_timeout_covers_the_wait_for_a_slot(upstream: Upstream) -> None:
    async def slow(_request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(2)
        return web.json_response(1)

    upstream.handler = slow
    changes = {"http_client_concurrency": 1, "http_client_total_timeout": 3.5}
    async with client_of(upstream.url, **changes) as client:
        calls = [asyncio.create_task(client.get("/", read=whole)) for _ in range(2)]
        results = await asyncio.gather(*calls, return_exceptions=True)
    assert results[0] == 1
    assert isinstance(results[1], errors.UpstreamTimeout)


async def test_refuses_calls_that_get_no_slot_in_time(upstream: Upstream, caplog: pytest.LogCaptureFixture) -> None:
    upstream.handler = upstream.silence
    changes = {"http_client_concurrency": 2, "http_client_wait": 0.1, "http_client_total_timeout": 1.0}
    async with client_of(upstream.url, circuit_breaker_failures=10, **changes) as client:
        results = await asyncio.gather(*(client.get("/", read=whole) for _ in range(10)), return_exceptions=True)
        assert (
            sorted(type(result).__name__ for result in results) == ["UpstreamTimeout"] * 2 + ["UpstreamUnavailable"] * 8
        )
        assert not client.circuit.is_open
        assert "upstream users has reached its limit of concurrent calls" in logged(caplog)
        upstream.handler = upstream.fine
        assert await client.get("/", read=whole) == {"fine": True}
    assert len(upstream.requests) == 3


async def test_cancelled_calls_free_their_slot(upstream: Upstream) -> None:
    upstream.handler = upstream.silence
    async with client_of(upstream.url, http_client_concurrency=2) as client:
        calls = [asyncio.create_task(client.get("/", read=whole)) for _ in range(5)]
        await asyncio.sleep(0.05)
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)
        upstream.handler = upstream.fine
        assert await asyncio.gather(*(client.get("/", read=whole) for _ in range(2))) == [{"fine": True}] * 2


async def test_refuses_waiting_calls_if_the_circuit_opens(upstream: Upstream) -> None:
    upstream.handler = upstream.silence
    changes = {"http_client_concurrency": 1, "http_client_total_timeout": 1.0}
    async with client_of(upstream.url, circuit_breaker_failures=1, **changes) as client:
        calls = [asyncio.create_task(client.get("/", read=whole)) for _ in range(5)]
        results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(result) for result in results] == [errors.UpstreamTimeout] + [errors.UpstreamUnavailable] * 4
    assert len(upstream.requests) == 1
