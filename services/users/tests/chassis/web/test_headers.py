"""Headers that every response has."""

import aiohttp
import pytest
from starlette.types import Message, Receive, Scope, Send

from chassis.web.headers import RAW_SECURITY_HEADERS, ResponseHeadersMiddleware

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@pytest.mark.parametrize(
    "path", ["/sample/items", "/nowhere", "/sample/boom", "/sample/forbidden", "/health/live", "/sample/stream"]
)
async def test_every_response_has_security_headers_and_a_request_id(sample: aiohttp.ClientSession, path: str) -> None:
    async with sample.get(path, headers={"X-Request-ID": "my-id"}) as response:
        assert response.headers.getall("X-Request-ID") == ["my-id"]
        for name, value in SECURITY_HEADERS.items():
            assert response.headers.getall(name) == [value]


async def test_keeps_the_content_security_policy_of_a_response(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/api/docs") as response:
        [policy] = response.headers.getall("Content-Security-Policy")
    assert policy != SECURITY_HEADERS["Content-Security-Policy"]


@pytest.mark.parametrize("draining", [True, False])
async def test_closes_connections_after_responses_while_draining(draining: bool) -> None:  # noqa: FBT001
    sent: list[Message] = []

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"y")]})

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    await ResponseHeadersMiddleware(app, is_draining=lambda: draining)({"type": "http"}, receive, send)
    assert sent[0]["headers"] == [
        (b"x", b"y"),
        *RAW_SECURITY_HEADERS,
        *([(b"connection", b"close")] if draining else []),
    ]
