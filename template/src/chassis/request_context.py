"""Which request is being served: its id and its place in a distributed trace, for every log line and upstream call."""

import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass, field

import uuid_utils
from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags, TraceState
from starlette.types import ASGIApp, Receive, Scope, Send

REQUEST_ID_HEADER = "X-Request-ID"
TRACEPARENT_HEADER = "traceparent"
TRACESTATE_HEADER = "tracestate"

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
# https://www.w3.org/TR/trace-context/#traceparent-header: version 00 is exactly this long, later ones may be longer.
_TRACEPARENT = re.compile(
    rb"(?:00|(?!00|ff)[0-9a-f]{2}(?P<later>))-(?P<trace_id>(?!0{32})[0-9a-f]{32})"
    rb"-(?P<span_id>(?!0{16})[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?(later)(?:-.*)?)"
)
_KNOWN_FLAGS = 0x03  # sampled and random; all others must be sent as zero

_TRACER = trace.get_tracer("chassis")


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The identity of one request; `span_id` is this service's own span."""

    request_id: str
    trace_id: str
    span_id: str
    trace_flags: str
    linked_request_ids: list[str] = field(default_factory=list)
    """Other requests in whose name something was done for this one too, as span links are in OpenTelemetry."""
    span: Span = trace.INVALID_SPAN
    """The server span; it records something only where telemetry is on, and the request is among those sampled."""

    @property
    def traceparent(self) -> str:
        """The header that continues this trace in an upstream service (W3C Trace Context, version 00)."""
        return f"00-{self.trace_id}-{self.span_id}-{self.trace_flags}"

    def link_to(self, other: "RequestContext") -> None:
        """Note that something was done for this request, too, in the name of the other one."""
        self.linked_request_ids.append(other.request_id)
        if other.span.get_span_context().is_valid:
            self.span.add_link(other.span.get_span_context())


_current: ContextVar[RequestContext | None] = ContextVar("request_context", default=None)


def current_request() -> RequestContext | None:
    """The request that this task serves; None outside of one."""
    return _current.get()


def outgoing_headers() -> dict[str, str]:
    """What is sent on to upstream services: the id of the request, and the span that calls."""
    request = _current.get()
    headers = {REQUEST_ID_HEADER: request.request_id, TRACEPARENT_HEADER: request.traceparent} if request else {}
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        ids = _ids_of(span)
        headers[TRACEPARENT_HEADER] = f"00-{ids['trace_id']}-{ids['span_id']}-{ids['trace_flags']}"
        if span.trace_state:
            headers[TRACESTATE_HEADER] = span.trace_state.to_header()
    return headers


def current_ids() -> dict[str, str]:
    """What a log line says of where it belongs: the request, the trace and, where there are spans, the span."""
    request = _current.get()
    ids = {"request_id": request.request_id, "trace_id": request.trace_id} if request else {}
    span = trace.get_current_span().get_span_context()
    return ids | _ids_of(span) if span.is_valid else ids


def _ids_of(span: SpanContext) -> dict[str, str]:
    return {
        "trace_id": f"{span.trace_id:032x}",
        "span_id": f"{span.span_id:016x}",
        "trace_flags": f"{span.trace_flags:02x}",
    }


def continue_request(headers: list[tuple[bytes, bytes]], *, method: str | None = None) -> RequestContext:
    """Accept the caller's identifiers where they are well-formed and sent once, else start new ones.

    With a method, and where telemetry is on, it has a server span.
    """
    request_ids, traceparents, tracestates = [], [], []
    for name, value in headers:
        if name == b"x-request-id":
            request_ids.append(value)
        elif name == b"traceparent":
            traceparents.append(value)
        elif name == b"tracestate":
            tracestates.append(value.decode("latin-1"))
    accepted = len(request_ids) == 1 and _REQUEST_ID.fullmatch(request_ids[0])
    request_id = request_ids[0].decode() if accepted else str(uuid_utils.uuid7())
    caller = _TRACEPARENT.fullmatch(traceparents[0]) if len(traceparents) == 1 else None
    if method and not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        span = _server_span(method, caller, tracestates)
        if span.get_span_context().is_valid:
            ids = _ids_of(span.get_span_context())
            return RequestContext(request_id, ids["trace_id"], ids["span_id"], ids["trace_flags"], span=span)
    return RequestContext(
        request_id=request_id,
        trace_id=caller["trace_id"].decode() if caller else _random_id(16),
        span_id=_random_id(8),
        trace_flags=f"{int(caller['flags'], 16) & _KNOWN_FLAGS:02x}" if caller else "01",
    )


def _server_span(method: str, caller: re.Match[bytes] | None, tracestates: list[str]) -> Span:
    """Whether it is recorded, the caller decides; without one, the sampler."""
    context = contexts.Context()
    if caller:
        parent = SpanContext(
            trace_id=int(caller["trace_id"], 16),
            span_id=int(caller["span_id"], 16),
            is_remote=True,
            trace_flags=TraceFlags(int(caller["flags"], 16) & _KNOWN_FLAGS),
            trace_state=TraceState.from_header(tracestates),
        )
        context = trace.set_span_in_context(NonRecordingSpan(parent), context)
    return _TRACER.start_span(method, context, SpanKind.SERVER, {"http.request.method": method})


def _random_id(size: int) -> str:
    """`size` bytes in hexadecimal digits; zero is no valid id, and as likely as a guessed key."""
    return secrets.token_hex(size)


def begin_request() -> RequestContext:
    """Start a request that no middleware sees, in the current context."""
    context = continue_request([])
    _current.set(context)
    return context


class RequestContextMiddleware:
    """Pure ASGI: sets the context for everything inside.

    Health checks have no spans: nobody asks for what is done every few seconds.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request in its context."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_health_check = scope["path"].startswith("/health/")
        request = continue_request(scope["headers"], method=None if is_health_check else scope["method"])
        token = _current.set(request)
        try:
            if request.span is trace.INVALID_SPAN:
                await self.app(scope, receive, send)
            else:
                with trace.use_span(request.span, record_exception=False, set_status_on_exception=False):
                    await self.app(scope, receive, send)
        finally:
            _current.reset(token)
