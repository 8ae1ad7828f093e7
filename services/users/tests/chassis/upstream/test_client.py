"""The client of an upstream service: what it sends, and what it accepts."""

import asyncio
import gzip
from typing import Any

import pytest
from aiohttp import web

from chassis import errors
from chassis.request_context import RequestContext, _current
from chassis.upstream import client as client_module
from chassis.upstream.client import UpstreamClient

from ..sample_service.settings import Settings
from .stub import Upstream, client_of, logged, whole


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
    assert len(upstream.connections) == 1


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
        {
            "body": gzip.compress(b"{}", mtime=0),
            "headers": {"Content-Encoding": "gzip", "Content-Type": "application/json"},
        },
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


async def test_lets_go_of_an_idle_connection_before_a_server_does(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Settings().keep_alive_timeout > client_module.KEEP_ALIVE_SECONDS
    monkeypatch.setattr(client_module, "KEEP_ALIVE_SECONDS", 0.1)
    async with client_of(upstream.url) as client:
        for _ in range(2):
            await client.get_json("/", read=whole)
            await asyncio.sleep(0.3)
    assert len(upstream.connections) == 2


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
