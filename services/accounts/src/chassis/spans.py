"""Spans of what a request does: made with OpenTelemetry's API, which does nothing unless `chassis.telemetry` is on."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

_TRACER = trace.get_tracer("chassis")


def is_recording() -> bool:
    """Whether what is done now is recorded: within a span that was sampled."""
    return trace.get_current_span().is_recording()


def type_name(error: BaseException) -> str:
    """The value of `error.type`. An error's text may quote what people sent, and is in no span."""
    return type(error).__qualname__


@contextmanager
def child_span(
    name: str,
    attributes: Mapping[str, str | int],
    *,
    kind: SpanKind = SpanKind.CLIENT,
    error_type: Callable[[BaseException], str] = type_name,
) -> Iterator[Span]:
    """Record the block, if what it belongs to is recorded; nothing becomes a trace of its own."""
    if not is_recording():
        yield trace.INVALID_SPAN
        return
    begun = _TRACER.start_span(name, kind=kind, attributes=attributes)
    with trace.use_span(begun, end_on_exit=True, record_exception=False, set_status_on_exception=False) as span:
        try:
            yield span
        except BaseException as error:
            fail(span, error_type(error))
            raise


def fail(span: Span, kind: str) -> None:
    """Mark it as failed."""
    span.set_attribute("error.type", kind)
    span.set_status(Status(StatusCode.ERROR))
