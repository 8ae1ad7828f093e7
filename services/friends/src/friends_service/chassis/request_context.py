"""Which request is being served: its id and its place in a distributed trace, for every log line and upstream call."""

import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .identifiers import new_id

REQUEST_ID_HEADER = "X-Request-ID"
TRACEPARENT_HEADER = "traceparent"

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(?:-.*)?")


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The identity of one request; `span_id` is this service's own span."""

    request_id: str
    trace_id: str
    span_id: str
    trace_flags: str

    @property
    def traceparent(self) -> str:
        """The header that continues this trace in an upstream service (W3C Trace Context, version 00)."""
        return f"00-{self.trace_id}-{self.span_id}-{self.trace_flags}"

    @property
    def headers(self) -> dict[str, str]:
        """What is sent on to upstream services."""
        return {REQUEST_ID_HEADER: self.request_id, TRACEPARENT_HEADER: self.traceparent}


_current: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def current_request() -> RequestContext | None:
    """The request that this task serves; None outside of one."""
    return _current.get()


def continue_request(headers: list[tuple[bytes, bytes]]) -> RequestContext:
    """Accept the caller's identifiers where they are well-formed, else start new ones."""
    request_id = traceparent = b""
    for name, value in headers:
        if name == b"x-request-id":
            request_id = value
        elif name == b"traceparent":
            traceparent = value
    trace = _TRACEPARENT.fullmatch(traceparent)
    return RequestContext(
        request_id=request_id.decode() if _REQUEST_ID.fullmatch(request_id) else str(new_id()),
        trace_id=trace[1].decode() if trace else secrets.token_hex(16),
        span_id=secrets.token_hex(8),
        trace_flags=trace[2].decode() if trace else "01",
    )


class RequestContextMiddleware:
    """Pure ASGI: sets the context for everything inside, and returns the request id on every response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request in its context."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        context = continue_request(scope["headers"])

        async def send_with_request_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = context.request_id
            await send(message)

        token = _current.set(context)
        try:
            await self.app(scope, receive, send_with_request_id)
        finally:
            _current.reset(token)
