"""Retries of the upstream client: never a call that might take effect twice, and never beyond the limits."""

import asyncio
import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web

from chassis import errors
from chassis.upstream.attempts import MOST_PATIENCE_SECONDS, seconds_of

from .stub import Upstream, client_of, logged, raw_upstream, whole

IDEMPOTENT = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float]]:
    """Replace each backoff pause by none; return the bounds from which it was chosen."""
    bounds: list[tuple[float, float]] = []

    def chosen(least: float, most: float) -> float:
        bounds.append((least, most))
        return 0

    monkeypatch.setattr("random.uniform", chosen)
    return bounds


def times(count: int, **answer: Any) -> tuple[web.Response, ...]:
    return tuple(web.Response(**answer) for _ in range(count))


@pytest.mark.parametrize("method", IDEMPOTENT)
async def test_retries_after_an_error_up_to_the_limit(
    upstream: Upstream, no_pause: list[tuple[float, float]], method: str
) -> None:
    upstream.handler = upstream.sequence(*times(1, status=500), *times(1, status=408), web.Response())
    async with client_of(upstream.url, http_client_retries=2) as client:
        await client.request(method, "/", json=[1])
        upstream.handler = upstream.sequence(*times(9, status=502))
        with pytest.raises(errors.UpstreamUnavailable):
            await client.request(method, "/", json=[1])
    assert len(upstream.requests) == 3 + 3
    assert no_pause == [(0, 0.05), (0, 0.1), (0, 0.05), (0, 0.1)]


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_retries_unsafe_methods_only_with_an_idempotency_key(
    upstream: Upstream, method: str, status: int
) -> None:
    upstream.handler = upstream.sequence(*times(2, status=status, headers={"Retry-After": "0"}), web.Response())
    async with client_of(upstream.url, http_client_retries=2) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.request(method, "/", json=[1])
        assert len(upstream.requests) == 1
        await client.request(method, "/", json=[1], idempotency_key="abc")
    assert [request.headers.get("Idempotency-Key") for request in upstream.requests] == [None, '"abc"', '"abc"']


@pytest.mark.usefixtures("no_pause")
async def test_resends_the_body_on_a_retry(upstream: Upstream) -> None:
    bodies = []

    async def fail_once(request: web.BaseRequest) -> web.StreamResponse:
        bodies.append(await request.read())
        return web.Response(status=500 if len(bodies) == 1 else 200)

    upstream.handler = fail_once
    async with client_of(upstream.url, http_client_retries=1) as client:
        await client.put("/", json={"a": 1})
    assert bodies == [b'{"a":1}'] * 2


@pytest.mark.parametrize("status", [200, 302, 404, 429])
async def test_does_not_retry_permanent_errors(upstream: Upstream, status: int) -> None:
    upstream.handler = upstream.sequence(*times(1, status=status, text="nonsense"))
    async with client_of(upstream.url, http_client_retries=2) as client:
        with pytest.raises((errors.UpstreamUnavailable, errors.UpstreamRefused)):
            await client.get("/", read=whole)
    assert len(upstream.requests) == 1


Answers = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


def hanging_up(requests: list[bytes], *, after: int) -> Answers:
    """Return a handler that answers `after` requests per connection, then reads another one and closes."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in range(after + 1):
            head = await reader.readuntil(b"\r\n\r\n")
            if length := re.search(rb"Content-Length: (\d+)", head):
                await reader.readexactly(int(length[1]))
            requests.append(head)
            if number < after:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    return behave


@pytest.mark.parametrize("used_before", [0, 1])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_never_resends_a_call_that_may_have_arrived(used_before: int, method: str) -> None:
    requests: list[bytes] = []
    async with (
        raw_upstream(hanging_up(requests, after=used_before)) as url,
        client_of(url, http_client_retries=5) as client,
    ):
        for _ in range(used_before):
            await client.get("/")
        with pytest.raises(errors.UpstreamUnavailable):
            await client.request(method, "/", json=[1])
    assert [request.split(b" ")[0] for request in requests] == [b"GET"] * used_before + [method.encode()]


@pytest.mark.parametrize("retries", [0, 1, 3])
@pytest.mark.parametrize("options", [{"method": method} for method in IDEMPOTENT] + [
    {"method": "POST", "idempotency_key": "abc"}], ids=str)  # fmt: skip
async def test_counts_each_attempt_including_those_of_aiohttp(retries: int, options: dict[str, Any]) -> None:
    requests: list[bytes] = []
    method = options["method"]
    key = {name: value for name, value in options.items() if name != "method"}
    async with (
        raw_upstream(hanging_up(requests, after=0)) as url,
        client_of(url, http_client_retries=retries) as client,
    ):
        with pytest.raises(errors.UpstreamUnavailable):
            await client.request(method, "/", json=[1], **key)
    assert len(requests) == 1 + retries


async def test_retries_if_a_reused_connection_is_closed(upstream: Upstream) -> None:
    async def hang_up_on_second_use(request: web.BaseRequest) -> web.StreamResponse:
        if len(upstream.requests) == 2 and request.transport:
            request.transport.abort()
        return web.json_response(len(upstream.requests))

    upstream.handler = hang_up_on_second_use
    async with client_of(upstream.url, http_client_retries=1) as client:
        assert [await client.get("/", read=whole), await client.get("/", read=whole)] == [1, 3]


async def test_retries_a_post_that_never_reached_the_server(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        url = "http://{}:{}".format(*unused.getsockname())
    async with client_of(url, http_client_retries=2) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.post("/", json=[1])
    assert len(logged(caplog)) == 3


@pytest.mark.parametrize("status", [429, 503])
async def test_waits_for_retry_after(upstream: Upstream, status: int) -> None:
    upstream.handler = upstream.sequence(*times(1, status=status, headers={"Retry-After": "1"}), web.Response())
    started = asyncio.get_running_loop().time()
    async with client_of(upstream.url, http_client_retries=1) as client:
        await client.get("/")
    assert asyncio.get_running_loop().time() - started >= 1
    assert len(upstream.requests) == 2


@pytest.mark.parametrize("status", [429, 503])
async def test_passes_on_a_retry_after_that_exceeds_its_timeout(upstream: Upstream, status: int) -> None:
    upstream.handler = upstream.sequence(*times(1, status=status, headers={"Retry-After": "30"}))
    async with client_of(upstream.url, http_client_retries=2) as client:
        with pytest.raises(errors.UpstreamUnavailable) as caught:
            await client.get("/")
    assert caught.value.retry_after == 30
    assert len(upstream.requests) == 1


async def test_does_not_retry_once_the_circuit_is_open(upstream: Upstream) -> None:
    both_there = asyncio.Event()

    async def fail_one_after_the_other(_request: web.BaseRequest) -> web.StreamResponse:
        if len(upstream.requests) == 1:
            await both_there.wait()
            return web.Response(status=302)
        both_there.set()
        await asyncio.sleep(0.2)
        return web.Response(status=500)

    upstream.handler = fail_one_after_the_other
    async with client_of(upstream.url, http_client_retries=3, circuit_breaker_failures=1) as client:
        results = await asyncio.gather(client.get("/"), client.get("/"), return_exceptions=True)
    assert {type(result) for result in results} == {errors.UpstreamUnavailable}
    assert len(upstream.requests) == 2


async def test_does_not_retry_a_probe(upstream: Upstream) -> None:
    upstream.handler = upstream.sequence(*times(9, status=500))
    changes = {"http_client_retries": 2, "circuit_breaker_failures": 1, "circuit_breaker_reset": 0.1}
    async with client_of(upstream.url, **changes) as client:
        for expected in (3, 4, 5):
            with pytest.raises(errors.UpstreamUnavailable):
                await client.get("/")
            assert len(upstream.requests) == expected
            await asyncio.sleep(0.2)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0),
        (" 7 ", 7),
        ("9" * 5_000, MOST_PATIENCE_SECONDS),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 9999 07:28:00 GMT", MOST_PATIENCE_SECONDS),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
    ],
)
def test_parses_retry_after_seconds(header: str | None, seconds: int | None) -> None:
    assert seconds_of(header) == seconds


def test_parses_a_retry_after_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert 90 < (seconds_of(date) or 0) <= 100
