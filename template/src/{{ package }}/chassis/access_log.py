"""The access log: exactly one line for each request, whatever becomes of it."""

import asyncio
import logging
import time
from typing import Any, Literal

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .redaction import Redactor

CLIENT_CLOSED_REQUEST = 499  # nginx's code for a client that left before its answer

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
        self.body_limit = body_limit
        self.headers = frozenset(name.lower() for name in headers if not redactor.is_secret(name))
        self.redactor = redactor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and log it, also when it fails or is cancelled."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = _Exchange(self, scope, receive, send)
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except asyncio.CancelledError:
            exchange.cancelled = True
            raise
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
        self.complete = self.disconnected = self.cancelled = False
        self.response_type = ""
        self.request_size = self.response_size = 0
        self.request_body, self.response_body = bytearray(), bytearray()
        self.room = settings.body_limit if settings.bodies != "off" else 0

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            body = message.get("body", b"")
            self.request_size += len(body)
            if (room := self.room - len(self.request_body)) > 0:
                self.request_body += body[:room]
        elif not self.complete:
            self.disconnected = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and not self.disconnected:
            self.status = message["status"]
            self.response_type = Headers(raw=message["headers"]).get("content-type", "")
        elif message["type"] == "http.response.body":
            body = message.get("body", b"")
            self.response_size += len(body)
            if (room := self.room - len(self.response_body)) > 0:
                self.response_body += body[:room]
            self.complete = not message.get("more_body", False)
        await self._send(message)

    def log(self) -> None:
        status, path = self.status_code, self.scope["path"]
        fields: dict[str, Any] = {
            "http.request.method": self.scope["method"],
            "url.path": path,
            "http.response.status_code": status,
            "duration_ms": round((time.perf_counter() - self.started) * 1000, 3),
            "http.request.body.size": self.request_size,
            "http.response.body.size": self.response_size,
        }
        if route := route_template(self.scope):
            fields["http.route"] = route
        if client := self.scope.get("client"):
            fields["client.address"] = client[0]
        for name, value in self.scope["headers"]:
            if name == b"user-agent":
                fields["user_agent.original"] = value.decode("latin-1")
            elif (text := name.decode("latin-1")) in self.settings.headers:
                fields[f"http.request.header.{text}"] = value.decode("latin-1")
        if self.settings.bodies == "all" or (self.settings.bodies == "errors" and status >= 400):
            fields |= self.body_fields()
        logger.log(self.level, "%s %s %d", self.scope["method"], path, status, extra=fields)

    @property
    def status_code(self) -> int:
        """The status that was sent; 499 if the client left, 500 if we broke off, before there was one."""
        if self.status is not None:
            return self.status
        return CLIENT_CLOSED_REQUEST if self.disconnected or self.cancelled else 500

    @property
    def level(self) -> int:
        if self.scope["path"].startswith("/health/"):
            return logging.DEBUG
        return logging.INFO if self.status_code < 500 else logging.ERROR

    def body_fields(self) -> dict[str, Any]:
        redact = self.settings.redactor.body
        request_type = Headers(scope=self.scope).get("content-type", "")
        request_complete = len(self.request_body) == self.request_size
        response_complete = len(self.response_body) == self.response_size
        bodies = {
            "http.request.body.content": redact(self.request_body, request_type, complete=request_complete),
            "http.response.body.content": redact(self.response_body, self.response_type, complete=response_complete),
        }
        return {name: body for name, body in bodies.items() if body}


def route_template(scope: Scope) -> str | None:
    """The template of the route that served the request, such as `/api/v1/users/{user_id}`."""
    # FastAPI keeps the prefix of a nested router beside the route, not in it.
    context = scope.get("fastapi", {}).get("effective_route_context")
    path: str | None = getattr(context, "path", None) or getattr(scope.get("route"), "path", None)
    return path
