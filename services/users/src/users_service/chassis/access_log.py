"""The access log: exactly one line for each request, whatever becomes of it."""

import logging
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, Literal

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .log_formats import REDACTED_FIELDS
from .redaction import Redactor

CLIENT_CLOSED_REQUEST: Final = 499  # nginx's code for a client that left before its answer
MAX_TEXT: Final = 1024  # characters of a path or header: clients choose them, and servers accept 64 KiB

logger = logging.getLogger("access")


class AccessLogMiddleware:
    """Pure ASGI: passes everything through untouched and logs it once it is over."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        bodies: Literal["off", "errors", "all"],
        body_limit: int,
        headers: frozenset[str],
        redactor: Redactor,
    ) -> None:
        self.app = app
        self.bodies = bodies
        self.body_limit = body_limit if bodies != "off" else 0
        self.redactor = redactor
        names = (name.lower() for name in headers if not redactor.is_secret(name))
        self.headers: Mapping[bytes, str] = {
            **{name.encode(): f"http.request.header.{name}" for name in names},
            b"user-agent": "user_agent.original",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and log it, also when it fails or is cancelled."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = _Exchange(self, scope, receive, send)
        try:
            await self.app(scope, exchange.receive, exchange.send)
        finally:
            exchange.log()


class _Exchange:
    """What is known of one request and its response."""

    def __init__(self, settings: AccessLogMiddleware, scope: Scope, receive: Receive, send: Send) -> None:
        self.settings = settings
        self.scope = scope
        self._receive = receive
        self._send = send
        self.started = time.perf_counter()
        self.status: int | None = None
        self.complete = self.disconnected = False
        self.request_size = self.response_size = 0
        self.request_body, self.response_body = bytearray(), bytearray()
        self.response_headers: list[tuple[bytes, bytes]] = []
        self.request_room = self.response_room = settings.body_limit

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            body = message.get("body", b"")
            self.request_size += len(body)
            if self.request_room > 0:
                self.request_body += body[: self.request_room]
                self.request_room -= len(body)
        elif not self.complete:
            self.disconnected = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            self.response_size += len(body)
            if self.response_room > 0:
                self.response_body += body[: self.response_room]
                self.response_room -= len(body)
            self.complete = not message.get("more_body", False)
        elif message["type"] == "http.response.start" and not self.disconnected:
            self.status = message["status"]
            self.response_headers = message["headers"]
            if not self.wants_bodies(message["status"]):
                self.response_room = 0
        await self._send(message)

    def wants_bodies(self, status: int) -> bool:
        return self.settings.bodies == "all" or (self.settings.bodies == "errors" and status >= HTTPStatus.BAD_REQUEST)

    def log(self) -> None:
        status = self.status or (CLIENT_CLOSED_REQUEST if self.disconnected else 500)
        cut_off = self.status is not None and not self.complete
        level = self.level(status, broken_off=cut_off and not self.disconnected)
        if not logger.isEnabledFor(level):
            return
        method, path = self.scope["method"], self.readable(self.scope["path"])
        fields: dict[str, Any] = {
            "http.request.method": method,
            "url.path": path,
            "http.response.status_code": status,
            "duration_ms": round((time.perf_counter() - self.started) * 1000, 3),
            "http.request.body.size": self.request_size,
            "http.response.body.size": self.response_size if method != "HEAD" else 0,
        }
        if cut_off:
            fields["http.response.complete"] = False
        if route := route_template(self.scope):
            fields["http.route"] = route
        if client := self.scope.get("client"):
            fields["client.address"] = client[0]
        wanted = self.settings.headers
        for name, value in self.scope["headers"]:
            if name in wanted:
                fields[wanted[name]] = self.readable(value.decode("latin-1"))
        if self.wants_bodies(status):
            fields |= self.bodies()
        # Not logger.log(): it would look up the caller, which no line shows.
        message = f"{method} {path} {status}"
        record = logging.LogRecord(logger.name, level, "", 0, message, None, None)
        setattr(record, REDACTED_FIELDS, fields)
        logger.handle(record)

    def readable(self, text: str) -> str:
        """Text that a client chose, without secrets and not too long."""
        text = self.settings.redactor.text(text)
        return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"

    def level(self, status: int, *, broken_off: bool) -> int:
        if self.scope["path"].startswith("/health/"):
            return logging.DEBUG
        return logging.ERROR if status >= HTTPStatus.INTERNAL_SERVER_ERROR or broken_off else logging.INFO

    def bodies(self) -> dict[str, Any]:
        """The bodies as far as they were kept; compressed ones are not for reading."""
        redact = self.settings.redactor.body
        request_headers = dict(self.scope["headers"])
        bodies = {}
        if self.request_body and b"content-encoding" not in request_headers:
            complete = len(self.request_body) == self.request_size
            bodies["http.request.body.content"] = redact(
                bytes(self.request_body), _media_type(request_headers), complete=complete
            )
        if self.response_body:
            complete = len(self.response_body) == self.response_size
            bodies["http.response.body.content"] = redact(
                bytes(self.response_body), _media_type(dict(self.response_headers)), complete=complete
            )
        return {name: body for name, body in bodies.items() if body}


def route_template(scope: Scope) -> str | None:
    """The template of the route that served the request, such as `/api/v1/users/{user_id}`."""
    # FastAPI keeps the prefix of a nested router beside the route, not in it.
    context = scope.get("fastapi", {}).get("effective_route_context")
    path: str | None = getattr(context, "path", None) or getattr(scope.get("route"), "path", None)
    return path


def _media_type(headers: Mapping[bytes, bytes]) -> str:
    return headers.get(b"content-type", b"").decode("latin-1")
