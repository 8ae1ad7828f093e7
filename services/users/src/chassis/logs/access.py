"""The access log: exactly one line per request, after its response, even if the request fails."""

import logging
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.request_context import CLIENT_CLOSED_REQUEST, current_request

from .bodies import BodyLog
from .excerpts import beginning
from .exchange import Bodies, Exchange
from .records import REDACTED_FIELDS
from .redaction import Redactor

MAX_TEXT: Final = 1024  # characters of a path or header, which clients choose, up to 64 KiB

_CACHED: Final = 256  # texts
_LONGEST_CACHED: Final = 256  # characters

END_USER: Final = "chassis.end_user"
"""Key in the ASGI scope for the opaque ID of the caller, if known."""

logger = logging.getLogger("access")


class RequestObserver(Protocol):
    """Observes each request."""

    def begin(self, scope: Scope) -> None:
        """Handle the start of a request."""

    def end(self, scope: Scope, fields: Mapping[str, Any]) -> None:
        """Handle the end of the response, sent or not. `fields` are those of the access line, without bodies."""


class AccessLogMiddleware:
    """Logs each request after its response, not waiting for background tasks. Changes nothing. Pure ASGI."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        bodies: Bodies,
        body_limit: int,
        headers: frozenset[str],
        redactor: Redactor,
        observer: RequestObserver | None = None,
    ) -> None:
        self.app = app
        self.bodies = bodies
        self.body_limit = body_limit
        self.redactor = redactor
        self.observer = observer
        self.body_log = BodyLog(redactor, bodies)
        self._cached = lru_cache(_CACHED)(self._readable)
        names = (name.lower() for name in headers if not redactor.is_secret(name))
        self.headers: Mapping[bytes, str] = {
            **{name.encode(): f"http.request.header.{name}" for name in names},
            b"user-agent": "user_agent.original",
        }

    @property
    def cached_texts(self) -> int:
        """Return the number of cached texts, which is bounded since clients choose them."""
        return self._cached.cache_info().currsize

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request and log it, even if it fails or is cancelled."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self.observer:
            self.observer.begin(scope)
        exchange = Exchange(scope, receive, send, bodies=self.bodies, body_limit=self.body_limit, at_end=self._log)
        try:
            await self.app(scope, exchange.receive, exchange.send)
        finally:
            exchange.end()

    def _log(self, exchange: Exchange) -> None:
        left = exchange.client_left
        status = CLIENT_CLOSED_REQUEST if left else exchange.status or HTTPStatus.INTERNAL_SERVER_ERROR.value
        cut_off = exchange.status is not None and not exchange.complete
        level = self._level(exchange.scope["path"], status, broken_off=cut_off and not left)
        if not (logger.isEnabledFor(level) or self.observer):
            return
        fields = self._fields(exchange, status, cut_off=cut_off)
        if self.observer:
            self.observer.end(exchange.scope, fields)
        if (context := current_request()) and context.linked_request_ids:
            fields["linked_request_ids"] = context.linked_request_ids
        if exchange.keeps_bodies(status) and may_log_bodies(exchange.scope):
            fields |= self._bodies_of(exchange)
        method, path = fields["http.request.method"], fields["url.path"]
        logger.log(level, "%s %s %s", method, path, status, extra={REDACTED_FIELDS: fields})

    def _fields(self, exchange: Exchange, status: int, *, cut_off: bool) -> dict[str, Any]:
        method = exchange.scope["method"]
        fields: dict[str, Any] = {
            "http.request.method": method,
            "url.path": self._readable(exchange.scope["path"]),
            "http.response.status_code": status,
            "duration_ms": exchange.duration_ms,
            "http.request.body.size": exchange.request_size,
            "http.response.body.size": exchange.response_size if method != "HEAD" else 0,
        }
        if cut_off:
            fields["http.response.complete"] = False
        if route := route_template(exchange.scope):
            fields["http.route"] = route
        if client := exchange.scope.get("client"):
            fields["client.address"] = self._repeated(client[0])
        if user := exchange.scope.get(END_USER):
            fields["enduser.id"] = self._repeated(user)
        wanted = self.headers
        for name, value in exchange.scope["headers"]:
            if name in wanted:
                fields[wanted[name]] = self._repeated(value.decode("latin-1"))
        return fields

    def _readable(self, text: str) -> str:
        """Return text from a client, redacted and shortened."""
        return beginning(text, MAX_TEXT, self.redactor.text)

    def _repeated(self, text: str) -> str:
        """Return the same, from a cache if the text is short: many requests share an address or a user agent."""
        return self._cached(text) if len(text) <= _LONGEST_CACHED else self._readable(text)

    def _level(self, path: str, status: int, *, broken_off: bool) -> int:
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or broken_off:
            return logging.ERROR
        return logging.DEBUG if status < HTTPStatus.BAD_REQUEST and path.startswith("/health/") else logging.INFO

    def _bodies_of(self, exchange: Exchange) -> dict[str, Any]:
        """Return the kept parts of the bodies, without compressed ones."""
        request_headers = dict(exchange.scope["headers"])
        bodies = {}
        if exchange.request_body and b"content-encoding" not in request_headers:
            complete = len(exchange.request_body) == exchange.request_size
            bodies["http.request.body.content"] = self.body_log.request(
                bytes(exchange.request_body), _media_type(request_headers), complete=complete
            )
        if exchange.response_body:
            complete = len(exchange.response_body) == exchange.response_size
            bodies["http.response.body.content"] = self.body_log.response(
                bytes(exchange.response_body), _media_type(dict(exchange.response_headers)), complete=complete
            )
        return {name: body for name, body in bodies.items() if body}


def route_template(scope: Scope) -> str | None:
    """Return the template of the request's route, such as `/api/v1/users/{user_id}`, or None."""
    # FastAPI keeps the prefix of a nested router next to the route, not in it.
    context = scope.get("fastapi", {}).get("effective_route_context")
    path: str | None = getattr(context, "path", None) or getattr(scope.get("route"), "path", None)
    return path


def may_log_bodies(scope: Scope) -> bool:
    """Return whether the route allows its bodies to be logged; True without a route."""
    return bool(getattr(scope.get("route"), "log_bodies", True))


def _media_type(headers: Mapping[bytes, bytes]) -> str:
    return headers.get(b"content-type", b"").decode("latin-1")
