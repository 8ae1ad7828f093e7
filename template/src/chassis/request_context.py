"""The current request: its ID and trace context, for log lines and upstream calls."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

import uuid_utils
from starlette.types import ASGIApp, Receive, Scope, Send

CLIENT_CLOSED_REQUEST: Final = 499
"""nginx's status for a client that left before its response. Only in log lines and spans."""

REQUEST_ID_HEADER = "X-Request-ID"
TRACEPARENT_HEADER = "traceparent"

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
# https://www.w3.org/TR/trace-context/#traceparent-header: version 00 is exactly this long, later ones may be longer.
_TRACEPARENT = re.compile(
    rb"(?:00|(?!00|ff)[0-9a-f]{2}(?P<later>))-(?P<trace_id>(?!0{32})[0-9a-f]{32})"
    rb"-(?P<span_id>(?!0{16})[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?(later)(?:-.*)?)"
)
_KNOWN_FLAGS = 0x03  # sampled and random; all other bits must be sent as zero


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The IDs of a request. `span_id` is this service's own span."""

    request_id: str
    trace_id: str
    span_id: str
    trace_flags: str
    linked_request_ids: list[str] = field(default_factory=list)
    """IDs of other requests that also did work for this one, like span links in OpenTelemetry."""

    @property
    def traceparent(self) -> str:
        """Return the header that continues the trace in an upstream service (W3C Trace Context, version 00)."""
        return f"00-{self.trace_id}-{self.span_id}-{self.trace_flags}"

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers for upstream services."""
        return {REQUEST_ID_HEADER: self.request_id, TRACEPARENT_HEADER: self.traceparent}

    def link_to(self, other: "RequestContext") -> None:
        """Record that the other request also did work for this one."""
        self.linked_request_ids.append(other.request_id)


_current: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def current_request() -> RequestContext | None:
    """Return the request that this task serves, or None."""
    return _current.get()


def continue_request(headers: list[tuple[bytes, bytes]]) -> RequestContext:
    """Return the context of a request, with the caller's IDs if they are valid and sent once, else new ones."""
    request_ids, traceparents = [], []
    for name, value in headers:
        if name == b"x-request-id":
            request_ids.append(value)
        elif name == b"traceparent":
            traceparents.append(value)
    accepted = len(request_ids) == 1 and _REQUEST_ID.fullmatch(request_ids[0])
    trace = _TRACEPARENT.fullmatch(traceparents[0]) if len(traceparents) == 1 else None
    return RequestContext(
        request_id=request_ids[0].decode() if accepted else str(uuid_utils.uuid7()),
        trace_id=trace["trace_id"].decode() if trace else _random_id(16),
        span_id=_random_id(8),
        trace_flags=f"{int(trace['flags'], 16) & _KNOWN_FLAGS:02x}" if trace else "01",
    )


def calling_span(headers: list[tuple[bytes, bytes]]) -> str:
    """Return the ID of the caller's span, or an empty string if the request begins a trace."""
    traceparents = [value for name, value in headers if name == b"traceparent"]
    trace = _TRACEPARENT.fullmatch(traceparents[0]) if len(traceparents) == 1 else None
    return trace["span_id"].decode() if trace else ""


def _random_id(size: int) -> str:
    """Return `size` random bytes in hexadecimal. Zero would be invalid, but is as likely as a guessed key."""
    return secrets.token_hex(size)


@contextmanager
def serving(request: RequestContext) -> Iterator[None]:
    """Make this the current request within the block."""
    token = _current.set(request)
    try:
        yield
    finally:
        _current.reset(token)


def begin_request() -> RequestContext:
    """Start a request in the current context, for work outside of HTTP, and return it."""
    context = continue_request([])
    _current.set(context)
    return context


class RequestContextMiddleware:
    """Sets the context of each request. Pure ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request in its context."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        token = _current.set(continue_request(scope["headers"]))
        try:
            await self.app(scope, receive, send)
        finally:
            _current.reset(token)
