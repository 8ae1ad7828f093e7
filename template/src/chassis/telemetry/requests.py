"""Traces and metrics of requests, with the fields of the access log."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags, TraceState
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.measurements import Measurement, Reading
from chassis.request_context import (
    CLIENT_CLOSED_REQUEST,
    RequestContext,
    calling_span,
    continue_request,
    current_request,
    serving,
)
from chassis.spans import fail, trace_headers

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""Buckets of the histogram, as in the semantic conventions."""

_METHODS: Final = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"})
_ONLY_IN_LINES: Final = frozenset({"duration_ms"})
_TRACER: Final = trace.get_tracer("chassis")
_duration = metrics.get_meter("chassis").create_histogram(
    "http.server.request.duration",
    unit="s",
    description="Time from a request's headers to the last byte of its response.",
    explicit_bucket_boundaries_advisory=SECONDS,
)


@dataclass(frozen=True, kw_only=True)
class RecordedRequest(RequestContext):
    """A request with a server span and its IDs. An unsampled span records nothing."""

    span: Span

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers for upstream services, with the span of the call."""
        return super().headers | trace_headers()

    def link_to(self, other: RequestContext) -> None:
        """Record that the other request also did work for this one."""
        super().link_to(other)
        if isinstance(other, RecordedRequest):
            self.span.add_link(other.span.get_span_context())


class RecordedRequestMiddleware:
    """Replaces `RequestContextMiddleware` if traces are on, and also begins the server span. Pure ASGI.

    The access log ends the span through `RequestObserver`. Health checks have none: they come every few seconds.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request in its context."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = continue_request(scope["headers"])
        if not scope["path"].startswith("/health/"):
            request = _recorded(request, scope)
        with serving(request):
            if isinstance(request, RecordedRequest):
                with trace.use_span(request.span, record_exception=False, set_status_on_exception=False):
                    await self.app(scope, receive, send)
            else:
                await self.app(scope, receive, send)


def _recorded(request: RequestContext, scope: Scope) -> RequestContext:
    """Return the request with a server span, or unchanged if the SDK could not be started."""
    parent = _caller_of(request, scope)
    within = trace.set_span_in_context(NonRecordingSpan(parent), Context()) if parent else Context()
    attributes = {"http.request.method": _method(scope), "url.scheme": scope.get("scheme", "http")}
    span = _TRACER.start_span(_name(scope), within, SpanKind.SERVER, attributes)
    own = span.get_span_context()
    if not own.is_valid or own == parent:
        return request
    return RecordedRequest(
        request_id=request.request_id,
        trace_id=f"{own.trace_id:032x}",
        span_id=f"{own.span_id:016x}",
        trace_flags=f"{own.trace_flags:02x}",
        span=span,
    )


def _caller_of(request: RequestContext, scope: Scope) -> SpanContext | None:
    """Return the caller's span, which decides whether the trace is recorded, or None: then the sampler decides."""
    if not (caller := calling_span(scope["headers"])):
        return None
    states = [value.decode("latin-1") for name, value in scope["headers"] if name == b"tracestate"]
    return SpanContext(
        trace_id=int(request.trace_id, 16),
        span_id=int(caller, 16),
        is_remote=True,
        trace_flags=TraceFlags(int(request.trace_flags, 16)),
        trace_state=TraceState.from_header(states),
    )


class RequestObserver:
    """Counts requests, measures them, and ends their spans. Called by the access log."""

    def __init__(self) -> None:
        self._active: Counter[tuple[str, str]] = Counter()

    def begin(self, scope: Scope) -> None:
        """Count a request as active."""
        self._active[_kind(scope)] += 1

    def end(self, scope: Scope, fields: Mapping[str, Any]) -> None:
        """Record a request whose response has ended, sent or not."""
        method, scheme = kind = _kind(scope)
        self._active[kind] -= 1
        status = fields["http.response.status_code"]
        attributes: dict[str, str | int] = {
            "http.request.method": method,
            "url.scheme": scheme,
            "http.response.status_code": status,
        }
        if route := fields.get("http.route"):
            attributes["http.route"] = route
        if error := _error_type(fields):
            attributes["error.type"] = error
        _duration.record(fields["duration_ms"] / 1000, attributes)
        if isinstance(request := current_request(), RecordedRequest):
            _end(request.span, _name(scope, route), fields)

    def measurements(self) -> list[Measurement]:
        """Return the measurement of requests in flight."""
        return [
            Measurement(
                name="http.server.active_requests",
                unit="{request}",
                description="Requests in flight.",
                read=self._read,
                kind="sum",
            )
        ]

    def _read(self) -> Iterable[Reading]:
        active = self._active.copy().items()
        return [(count, {"http.request.method": method, "url.scheme": scheme}) for (method, scheme), count in active]


def _kind(scope: Scope) -> tuple[str, str]:
    return _method(scope), scope.get("scheme", "http")


def _method(scope: Scope) -> str:
    """Return the method, or `_OTHER` for an unknown one, so that clients cannot create series of a metric."""
    method: str = scope["method"]
    return method if method in _METHODS else "_OTHER"


def _name(scope: Scope, route: str | None = None) -> str:
    method = _method(scope).replace("_OTHER", "HTTP")
    return f"{method} {route}" if route else method


def _error_type(fields: Mapping[str, Any]) -> str | None:
    """Return the error type of the response, or None, also if the client left before its response was complete."""
    status: int = fields["http.response.status_code"]
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return str(status)
    is_cut_off = not fields.get("http.response.complete", True) and status != CLIENT_CLOSED_REQUEST
    return "incomplete" if is_cut_off else None


def _end(span: Span, name: str, fields: Mapping[str, Any]) -> None:
    """End the server span with the fields of the access log, which have no query, body or secret."""
    if not span.is_recording():
        return
    span.update_name(name)
    given = {key: value for key, value in fields.items() if key not in _ONLY_IN_LINES}
    if (method := given.pop("http.request.method")) not in _METHODS:
        given["http.request.method_original"] = method
    span.set_attributes(given)
    if error := _error_type(fields):
        fail(span, error)
    span.end()
