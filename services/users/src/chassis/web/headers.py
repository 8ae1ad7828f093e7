"""Headers of every response. Pure ASGI."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.request_context import current_request

SECURITY_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""As in the OWASP REST Security Cheat Sheet. A response can override each."""

RAW_SECURITY_HEADERS: Final = tuple((name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items())


class ResponseHeadersMiddleware:
    """Adds `SECURITY_HEADERS` and the request ID to every response, and `Connection: close` while draining."""

    def __init__(self, app: ASGIApp, *, is_draining: Callable[[], bool]) -> None:
        self.app = app
        self.is_draining = is_draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and add the missing headers to the response."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._missing(message["headers"])]
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)

    def _missing(self, headers: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
        present = {name for name, _ in headers}
        yield from (pair for pair in RAW_SECURITY_HEADERS if pair[0] not in present)
        if request := current_request():
            yield b"x-request-id", request.request_id.encode()
        if self.is_draining():  # so that clients reconnect elsewhere (RFC 9112 section 9.6)
            yield b"connection", b"close"
