"""The client of an upstream service: how long it waits, how much it asks at once, and what it repeats."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import pytest
from aiohttp import web

from chassis import errors

from .stub import Upstream, client_of, logged, whole


async def test_has_as_many_calls_in_flight_as_are_allowed(upstream: Upstream) -> None:
    calls = 120  # more than aiohttp would allow by itself
    all_there = asyncio.Event()

    async def wait_for_all(_request: web.BaseRequest) -> web.StreamResponse:
        if len(upstream.requests) == calls:
            all_there.set()
        await all_there.wait()
        return web.json_response(1)

    upstream.handler = wait_for_all
    async with client_of(upstream.url, http_client_concurrency=calls) as client:
        assert await asyncio.gather(*(client.get_json("/", read=whole) for _ in range(calls))) == [1] * calls


@pytest.fixture
def full_port() -> Iterator[int]:
    """Where somebody listens who accepts no connection any more, as behind a firewall that says nothing."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(server.getsockname())
        yield server.getsockname()[1]


async def test_does_not_wait_long_for_a_connection(full_port: int) -> None:
    async with client_of(f"http://127.0.0.1:{full_port}", http_client_connect_timeout=0.1) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get_json("/", read=whole)


@pytest.mark.parametrize("status", [400, 404, 422])
async def test_a_refused_request_does_not_open_the_circuit(upstream: Upstream, status: int) -> None:
    upstream.handler = upstream.sequence(*(web.Response(status=status) for _ in range(10)))
    async with client_of(upstream.url, circuit_breaker_failures=1) as client:
        for _ in range(10):
            with pytest.raises(errors.UpstreamRefused):
                await client.get_json("/", read=whole)
    assert len(upstream.requests) == 10


async def test_repeats_after_an_error_but_not_more_often_than_allowed(upstream: Upstream) -> None:
    fine = web.json_response(1)
    upstream.handler = upstream.sequence(web.Response(status=500), web.Response(status=502), fine)
    async with client_of(upstream.url, http_client_retries=2) as client:
        assert await client.get_json("/", read=whole) == 1
        upstream.handler = upstream.sequence(*(web.Response(status=500) for _ in range(9)))
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get_json("/", read=whole)
    assert len(upstream.requests) == 3 + 3


async def test_waits_longer_before_each_further_attempt(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[tuple[float, float]] = []

    def chosen(least: float, most: float) -> float:
        waits.append((least, most))
        return 0

    monkeypatch.setattr("random.uniform", chosen)
    upstream.handler = upstream.sequence(*(web.Response(status=500) for _ in range(4)))
    async with client_of(upstream.url, http_client_retries=3) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get_json("/", read=whole)
    assert waits == [(0, 0.05), (0, 0.1), (0, 0.2)]


@pytest.mark.parametrize("status", [200, 302, 404, 429])
async def test_does_not_repeat_what_would_be_answered_alike(upstream: Upstream, status: int) -> None:
    upstream.handler = upstream.sequence(web.Response(status=status, text="nonsense"))
    async with client_of(upstream.url, http_client_retries=2) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get_json("/", read=whole)
    assert len(upstream.requests) == 1


async def test_does_not_repeat_when_asked_for_patience(upstream: Upstream) -> None:
    upstream.handler = upstream.sequence(web.Response(status=503, headers={"Retry-After": "2"}))
    async with client_of(upstream.url, http_client_retries=2) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get_json("/", read=whole)
    assert len(upstream.requests) == 1


async def test_repeats_when_a_kept_connection_turns_out_to_be_closed(upstream: Upstream) -> None:
    async def hang_up_on_second_use(request: web.BaseRequest) -> web.StreamResponse:
        if len(upstream.requests) == 2 and request.transport:
            request.transport.abort()
        return web.json_response(len(upstream.requests))

    upstream.handler = hang_up_on_second_use
    async with client_of(upstream.url) as client:
        assert [await client.get_json("/", read=whole), await client.get_json("/", read=whole)] == [1, 3]


async def test_the_time_limit_covers_all_attempts(upstream: Upstream, caplog: pytest.LogCaptureFixture) -> None:
    async def late_error(_request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(0.15)
        return web.Response(status=500)

    upstream.handler = late_error
    async with client_of(upstream.url, http_client_retries=50, http_client_total_timeout=0.3) as client:
        with pytest.raises(errors.UpstreamTimeout, match=r"^The users service did not answer in time\.$"):
            await client.get_json("/", read=whole)
    assert len(upstream.requests) <= 3
    assert logged(caplog)[-1] == "upstream users did not answer in time"


async def test_the_time_limit_covers_the_wait_for_a_turn(upstream: Upstream) -> None:
    async def slow(_request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(2)
        return web.json_response(1)

    upstream.handler = slow
    changes = {"http_client_concurrency": 1, "http_client_total_timeout": 3.5}
    async with client_of(upstream.url, **changes) as client:
        calls = [asyncio.create_task(client.get_json("/", read=whole)) for _ in range(2)]
        results = await asyncio.gather(*calls, return_exceptions=True)
    assert results[0] == 1
    assert isinstance(results[1], errors.UpstreamTimeout)


async def test_refuses_soon_what_cannot_have_a_turn(upstream: Upstream, caplog: pytest.LogCaptureFixture) -> None:
    upstream.handler = upstream.silence
    changes = {"http_client_concurrency": 2, "http_client_wait": 0.1, "http_client_total_timeout": 1.0}
    async with client_of(upstream.url, circuit_breaker_failures=10, **changes) as client:
        results = await asyncio.gather(*(client.get_json("/", read=whole) for _ in range(10)), return_exceptions=True)
        assert (
            sorted(type(result).__name__ for result in results) == ["UpstreamTimeout"] * 2 + ["UpstreamUnavailable"] * 8
        )
        assert not client.circuit.is_open
        assert "upstream users has as many calls in flight as are allowed" in logged(caplog)
        upstream.handler = upstream.fine
        assert await client.get_json("/", read=whole) == {"fine": True}
    assert len(upstream.requests) == 3


async def test_cancelled_callers_give_their_turn_back(upstream: Upstream) -> None:
    upstream.handler = upstream.silence
    async with client_of(upstream.url, http_client_concurrency=2) as client:
        calls = [asyncio.create_task(client.get_json("/", read=whole)) for _ in range(5)]
        await asyncio.sleep(0.05)
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)
        upstream.handler = upstream.fine
        assert await asyncio.gather(*(client.get_json("/", read=whole) for _ in range(2))) == [{"fine": True}] * 2


async def test_those_who_wait_are_refused_once_the_circuit_opens(upstream: Upstream) -> None:
    upstream.handler = upstream.silence
    changes = {"http_client_concurrency": 1, "http_client_total_timeout": 1.0}
    async with client_of(upstream.url, circuit_breaker_failures=1, **changes) as client:
        calls = [asyncio.create_task(client.get_json("/", read=whole)) for _ in range(5)]
        results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(result) for result in results] == [errors.UpstreamTimeout] + [errors.UpstreamUnavailable] * 4
    assert len(upstream.requests) == 1
