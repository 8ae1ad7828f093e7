"""What of a request goes into traces and metrics; the fields of the access line are named for both."""

from collections import Counter
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from opentelemetry import metrics
from opentelemetry.trace import Span
from starlette.types import Scope

from chassis.measurements import Measurement, Reading
from chassis.spans import fail

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""Bounds of the histogram, as the semantic conventions want them."""

_ONLY_IN_LINES: Final = frozenset({"duration_ms"})
_duration = metrics.get_meter("chassis").create_histogram(
    "http.server.request.duration",
    unit="s",
    description="From a request's headers to the last byte of its answer.",
    explicit_bucket_boundaries_advisory=SECONDS,
)


class RequestMetrics:
    """How many requests are served now, and how long each took."""

    def __init__(self) -> None:
        self._active: Counter[tuple[str, str]] = Counter()

    def begin(self, scope: Scope) -> tuple[str, str]:
        """Count a request as active; `end` wants to have what is returned."""
        kind = (scope["method"], scope.get("scheme", "http"))
        self._active[kind] += 1
        return kind

    def end(self, kind: tuple[str, str], *, seconds: float, status: int, route: str | None) -> None:
        """Its answer has been sent, or will not be."""
        self._active[kind] -= 1
        method, scheme = kind
        attributes: dict[str, str | int] = {
            "http.request.method": method,
            "url.scheme": scheme,
            "http.response.status_code": status,
        }
        if route:
            attributes["http.route"] = route
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            attributes["error.type"] = str(status)
        _duration.record(seconds, attributes)

    def measurements(self) -> list[Measurement]:
        """Those that somebody may read at any time."""
        return [
            Measurement(
                name="http.server.active_requests",
                unit="{request}",
                description="Requests whose answer is not complete.",
                read=self._read,
                kind="sum",
            )
        ]

    def _read(self) -> Iterable[Reading]:
        active = self._active.copy().items()
        return [(count, {"http.request.method": method, "url.scheme": scheme}) for (method, scheme), count in active]


def end_span(span: Span, fields: Mapping[str, Any], *, status: int, route: str | None) -> None:
    """End the server span with what the access line says: never with a query, a body or a secret."""
    if route:
        span.update_name(f"{fields['http.request.method']} {route}")
    span.set_attributes({name: value for name, value in fields.items() if name not in _ONLY_IN_LINES})
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        fail(span, str(status))
    span.end()
