"""The client of an upstream service: what it sends, what it accepts, how long it waits, and what it repeats."""

import asyncio
import contextlib
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from users_service.chassis import errors
from users_service.chassis.http_client import KEEP_ALIVE_SECONDS, UpstreamClient
from users_service.chassis.request_context import RequestContext, _current
from users_service.settings import Settings

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Upstream:
    """A server whose answers a test sets."""

    def __init__(self) -> None:
        self.handler: Handler = self.fine
        self.requests: list[web.BaseRequest] = []
        self.url = ""

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        return await self.handler(request)

    async def fine(self, _request: web.BaseRequest) -> web.StreamResponse:
        return web.json_response({"fine": True})

    async def silence(self, _request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    def sequence(self, *answers: web.Response) -> Handler:
        remaining = iter(answers)

        async def answer(_request: web.BaseRequest) -> web.StreamResponse:
            return next(remaining)

        return answer


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    upstream = Upstream()
    runner = web.ServerRunner(web.Server(upstream.answer), handle_signals=False, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    upstream.url = "http://{}:{}".format(*runner.addresses[0])
    yield upstream
    await runner.cleanup()


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the client logged; a test before may have had others log more than usual."""
    return [record.getMessage() for record in caplog.records if record.name.endswith(".http_client")]


def whole(document: object) -> object:
    return document


@asynccontextmanager
async def client_of(url: str, **changes: Any) -> AsyncIterator[UpstreamClient]:
    """A client with patience for a busy machine, unless a test is about its patience."""
    settings = Settings(
        http_client_retries=0, http_client_connect_timeout=20, http_client_total_timeout=20, http_client_wait=20
    )
    async with UpstreamClient("users", url, settings.model_copy(update=changes)) as client:
        yield client


async def test_asks_with_its_query_and_the_identity_of_the_request(upstream: Upstream) -> None:
    context = RequestContext(request_id="abc", trace_id="1" * 32, span_id="2" * 16, trace_flags="01")
    token = _current.set(context)
    try:
        async with client_of(f"{upstream.url}/base/") as client:
            assert await client.get_json("/path", [("id", "1"), ("id", "&2")], read=whole) == {"fine": True}
    finally:
        _current.reset(token)
    (request,) = upstream.requests
    assert request.path_qs == "/base/path?id=1&id=%262"
    assert request.headers["Accept"] == "application/json"
    assert request.headers["X-Request-ID"] == "abc"
    assert request.headers["traceparent"] == context.traceparent


async def test_keeps_one_connection_for_calls_one_after_the_other(upstream: Upstream) -> None:
    async with client_of(upstream.url) as client:
        for _ in range(3):
            await client.get_json("/", read=whole)
    assert len({request.transport for request in upstream.requests}) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"status": 204},
        {"status": 302, "headers": {"Location": "/"}},
        {"text": "[]", "content_type": "text/html"},
        {"text": "{", "content_type": "application/json"},
        {"text": "[" * 100_000, "content_type": "application/json"},
        {"text": " " * 2_000, "content_type": "application/json"},
        {"body": gzip.compress(b"{}"), "headers": {"Content-Encoding": "gzip", "Content-Type": "application/json"}},
    ],
    ids=lambda answer: str(answer)[:40],
)
async def test_takes_anything_but_json_for_an_unavailable_upstream(upstream: Upstream, answer: dict[str, Any]) -> None:
    upstream.handler = upstream.sequence(web.Response(**answer))
    async with client_of(upstream.url, http_client_max_body_size=1_000) as client:
        with pytest.raises(errors.UpstreamUnavailable) as caught:
            await client.get_json("/", read=whole)
    assert not isinstance(caught.value, errors.UpstreamRefused)
    assert str(caught.value) == "The users service is unavailable."


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ({"status": 500}, "answered 500: b'xxx"),
        ({"content_type": "application/json"}, "answered with nonsense: b'xxx"),
        ({"content_type": "text/html"}, "answered with content type 'text/html'"),
        ({"content_type": "application/json", "text": " " * 10_001}, "answered with more than 10000 bytes"),
    ],
    ids=str,
)
async def test_the_log_says_what_is_wrong_with_an_answer_and_how_it_begins(
    upstream: Upstream, answer: dict[str, Any], line: str, caplog: pytest.LogCaptureFixture
) -> None:
    upstream.handler = upstream.sequence(web.Response(**{"text": "x" * 10_000} | answer))
    async with client_of(upstream.url, http_client_max_body_size=10_000) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get_json("/", read=whole)
    [message] = logged(caplog)
    assert message.startswith(f"upstream users {line}")
    assert len(message) < 500


async def test_an_answer_may_come_in_pieces_and_be_as_long_as_allowed(upstream: Upstream) -> None:
    async def in_pieces(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for piece in (b"[1", b",2", b",3]"):
            await response.write(piece)
            await asyncio.sleep(0.02)
        return response

    upstream.handler = in_pieces
    async with client_of(upstream.url, http_client_max_body_size=7) as client:
        assert await client.get_json("/", read=whole) == [1, 2, 3]
    async with client_of(upstream.url, http_client_max_body_size=6) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get_json("/", read=whole)


async def test_asks_for_nothing_compressed(upstream: Upstream) -> None:
    """It would take little to send what fills our memory."""
    async with client_of(upstream.url) as client:
        await client.get_json("/", read=whole)
    assert upstream.requests[0].headers["Accept-Encoding"] == "identity"


async def test_follows_no_redirect(upstream: Upstream) -> None:
    elsewhere = web.Response(status=302, headers={"Location": "/elsewhere"})
    upstream.handler = upstream.sequence(elsewhere, web.json_response(1))
    async with client_of(upstream.url) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get_json("/", read=whole)
    assert len(upstream.requests) == 1


async def test_keeps_no_cookie(upstream: Upstream) -> None:
    """It is for one request of ours, and the next one is somebody else's."""
    headers = {"Set-Cookie": "session=1"}
    upstream.handler = upstream.sequence(*(web.json_response(1, headers=headers) for _ in range(2)))
    async with client_of(upstream.url.replace("127.0.0.1", "localhost")) as client:
        for _ in range(2):
            await client.get_json("/", read=whole)
    assert [request.headers.get("Cookie") for request in upstream.requests] == [None, None]


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


def test_lets_go_of_an_idle_connection_before_a_server_does() -> None:
    assert 0 < KEEP_ALIVE_SECONDS < Settings().keep_alive_timeout


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
        await asyncio.sleep(1.2)
        return web.json_response(1)

    upstream.handler = slow
    changes = {"http_client_concurrency": 1, "http_client_total_timeout": 2.0}
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


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://does-not-exist.invalid"])
async def test_an_upstream_that_is_not_there_is_unavailable(url: str, caplog: pytest.LogCaptureFixture) -> None:
    async with client_of(url, http_client_retries=1) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get_json("/", read=whole)
    assert len(logged(caplog)) == 2, "it may be there the next moment"
    assert all(message.startswith("upstream users failed: ClientConnector") for message in logged(caplog))


async def test_a_document_that_was_not_asked_for_counts_as_a_failure(upstream: Upstream) -> None:
    def refuse(_document: object) -> object:
        raise ValueError

    async with client_of(upstream.url, circuit_breaker_failures=1) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get_json("/", read=refuse)
        assert client.circuit.is_open


async def test_cannot_be_used_before_it_is_opened() -> None:
    with pytest.raises(RuntimeError, match=r"^UpstreamClient is used outside of `async with`$"):
        await UpstreamClient("users", "http://users", Settings()).get_json("/", read=whole)
