"""What every request and response must keep to: a known host, and our headers. Pure ASGI."""

from collections.abc import Iterable, Iterator
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .health import Health
from .problems import INVALID_HOST, problem_response
from .request_context import current_request

SECURITY_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""As the OWASP REST Security Cheat Sheet asks for; a response that sets one of them itself keeps its own."""

RAW_SECURITY_HEADERS: Final = tuple((name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items())


class AllowedHostsMiddleware:
    """Answers 421 to a `Host` that is not ours (RFC 9110 section 15.5.20), so that no cache or link can be poisoned."""

    def __init__(self, app: ASGIApp, *, allowed: Iterable[str]) -> None:
        self.app = app
        self.names = frozenset(host.lower() for host in allowed)
        self.suffixes = tuple(host[1:].lower() for host in allowed if host.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let known hosts pass; health checks come by address and are always answered."""
        if scope["type"] == "http" and not scope["path"].startswith("/health/") and not self._is_allowed(scope):
            detail = "This service does not answer for that host."
            await problem_response(INVALID_HOST, detail=detail, path=scope["path"])(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _is_allowed(self, scope: Scope) -> bool:
        host = Headers(scope=scope).get("host", "").lower()
        name = host if host.endswith("]") else host.rsplit(":", 1)[0]
        return name in self.names or name.endswith(self.suffixes)


class ResponseHeadersMiddleware:
    """Completes every response: `SECURITY_HEADERS`, its request id, and the end of its connection while draining."""

    def __init__(self, app: ASGIApp, *, health: Health) -> None:
        self.app = app
        self.health = health

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and complete the headers of the response."""

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
        if self.health.draining:  # clients shall open their next connection elsewhere (RFC 9112 section 9.6)
            yield b"connection", b"close"
