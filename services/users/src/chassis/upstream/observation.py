"""Traces and metrics of calls, without values from paths or queries."""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, TypeVar, cast

from opentelemetry import metrics, trace
from pydantic import HttpUrl

from chassis.errors import UpstreamRefused, UpstreamTimeout, UpstreamUnavailable
from chassis.spans import child_span, type_name

from .answers import Answer

Ask = TypeVar("Ask", bound=Callable[..., Awaitable[Answer[Any]]])

_duration = metrics.get_meter("chassis").create_histogram(
    "http.client.request.duration",
    unit="s",
    description="Duration of a call, including the queue and all attempts.",
    explicit_bucket_boundaries_advisory=(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10),
)
_KINDS: Final[Mapping[type[BaseException], str]] = {UpstreamTimeout: "timeout", UpstreamUnavailable: "unavailable"}


@dataclass(slots=True)
class Observed:
    """A call in progress."""

    status: int | None = None
    """Status of the response, if there was one."""


class Observer:
    """Records the calls of one upstream service."""

    def __init__(self, upstream: str, base_url: HttpUrl) -> None:
        self._about: dict[str, str | int] = {
            "chassis.upstream.name": upstream,
            "server.address": base_url.host or "",
            "server.port": base_url.port or 0,
        }

    def observed(self, request: Ask) -> Ask:
        """Return the function that makes a call, wrapped to record each call."""

        @wraps(request)
        async def request_and_watch(method: str, template: str, /, **options: Any) -> Answer[Any]:
            with self._call(method, template) as observed:
                answer = await request(method, template, **options)
                observed.status = answer.status
                return answer

        return cast(Ask, request_and_watch)

    @contextmanager
    def _call(self, method: str, template: str) -> Iterator[Observed]:
        observed, started = Observed(), time.perf_counter()
        attributes = {**self._about, "http.request.method": method, "url.template": template}
        try:
            with child_span(f"{method} {template}", attributes, error_type=error_type) as span:
                try:
                    yield observed
                except UpstreamRefused as refusal:
                    observed.status = refusal.status
                    raise
                finally:
                    if observed.status is not None:
                        span.set_attribute("http.response.status_code", observed.status)
        except BaseException as error:
            attributes["error.type"] = error_type(error)
            raise
        finally:
            if observed.status is not None:
                attributes["http.response.status_code"] = observed.status
            _duration.record(time.perf_counter() - started, attributes)


def error_type(error: BaseException) -> str:
    """Return the status of a refusal, `timeout`, `unavailable`, or the type of any other error."""
    if isinstance(error, UpstreamRefused):
        return str(error.status)
    return _KINDS.get(type(error)) or type_name(error)


def note_repetition(attempt: int) -> None:
    """Record in the current span how often the call was retried."""
    trace.get_current_span().set_attribute("http.request.resend_count", attempt)
