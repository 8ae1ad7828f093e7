"""Create spans with OpenTelemetry's API. They are recorded if `chassis.telemetry` is on."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

NOTHING: Final[AbstractContextManager[Span]] = nullcontext(trace.INVALID_SPAN)
"""Used instead of a span if nothing is recorded."""

_TRACER = trace.get_tracer("chassis")


def is_recording() -> bool:
    """Return whether the current code is recorded: it is in a sampled span."""
    return trace.get_current_span().is_recording()


def span_ids() -> dict[str, str]:
    """Return the IDs of the current trace and span for a log line, or nothing outside of a span."""
    span = trace.get_current_span().get_span_context()
    if not span.is_valid:
        return {}
    return {
        "trace_id": f"{span.trace_id:032x}",
        "span_id": f"{span.span_id:016x}",
        "trace_flags": f"{span.trace_flags:02x}",
    }


def trace_headers() -> dict[str, str]:
    """Return the headers that continue the trace in a call (W3C Trace Context), or nothing outside of a span."""
    ids = span_ids()
    if not ids:
        return {}
    headers = {"traceparent": f"00-{ids['trace_id']}-{ids['span_id']}-{ids['trace_flags']}"}
    if state := trace.get_current_span().get_span_context().trace_state:
        headers["tracestate"] = state.to_header()
    return headers


def type_name(error: BaseException) -> str:
    """Return the value of `error.type`. The text of an error may quote data, so it is not in spans."""
    return type(error).__qualname__


def child_span(
    name: str,
    attributes: Mapping[str, str | int],
    *,
    kind: SpanKind = SpanKind.CLIENT,
    error_type: Callable[[BaseException], str] = type_name,
) -> AbstractContextManager[Span]:
    """Record the block as a span, but only within a recorded span. It never begins a trace."""
    if not is_recording():
        return NOTHING
    return _recorded(_TRACER.start_span(name, kind=kind, attributes=attributes), error_type)


@contextmanager
def _recorded(begun: Span, error_type: Callable[[BaseException], str]) -> Iterator[Span]:
    with trace.use_span(begun, end_on_exit=True, record_exception=False, set_status_on_exception=False) as span:
        try:
            yield span
        except BaseException as error:
            fail(span, error_type(error))
            raise


def fail(span: Span, kind: str) -> None:
    """Mark the span as failed, with this error type."""
    span.set_attribute("error.type", kind)
    span.set_status(Status(StatusCode.ERROR))
