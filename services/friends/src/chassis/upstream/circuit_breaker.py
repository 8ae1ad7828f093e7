"""Circuit breaker (microservices.io): stop calling an upstream that keeps failing, and probe it later."""

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chassis.errors import UpstreamError, UpstreamRefused, UpstreamUnavailable

logger = logging.getLogger(__name__)


class CircuitBreaker:
    """Closed: calls pass. Open, after consecutive `failures`: refused. Half-open, after `reset` seconds: one probe.

    The outcome of a call counts only if the circuit neither opened nor closed while it ran: fifty calls that time out
    together open it once, and late failures of a past outage do not open it again.
    """

    def __init__(self, name: str, *, failures: int, reset: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._threshold = failures
        self._reset = reset
        self._clock = clock
        self._failures = 0
        self._retry_at: float | None = None
        self._probing = False
        self._changes = 0

    @property
    def is_open(self) -> bool:
        """Return whether a call would be refused now."""
        return self._retry_at is not None and (self._probing or self._clock() < self._retry_at)

    @property
    def retry_after(self) -> int | None:
        """Return the whole seconds until a probe may pass, at least 1, or None while the circuit is closed."""
        return None if self._retry_at is None else max(1, math.ceil(self._retry_at - self._clock()))

    def refuse_if_open(self) -> None:
        """Raise `UpstreamUnavailable` if a call would be refused now."""
        if self.is_open:
            message = f"The {self._name} service is unavailable; it will be tried again shortly."
            raise UpstreamUnavailable(message, retry_after=self.retry_after)

    @contextmanager
    def call(self) -> Iterator[None]:
        """Watch one call, the probe in half-open state. Raises `UpstreamUnavailable` if the circuit is open."""
        self.refuse_if_open()
        is_probe, changes = self._retry_at is not None, self._changes
        self._probing = is_probe
        try:
            yield
        except UpstreamRefused:
            if changes == self._changes:
                self._succeeded()
            raise
        except UpstreamError as error:
            if changes == self._changes:
                self._failed()
            error.retry_after = max(error.retry_after or 0, self.retry_after or 0) or None
            raise
        else:
            if changes == self._changes:
                self._succeeded()
        finally:
            if is_probe:  # also if its caller was cancelled: then the next call is the probe
                self._probing = False

    def _succeeded(self) -> None:
        self._failures = 0
        if self._retry_at is not None:
            logger.warning("circuit to %s closed", self._name)
            self._retry_at = None
            self._changes += 1

    def _failed(self) -> None:
        self._failures += 1
        if self._retry_at is None:
            if self._failures < self._threshold:
                return
            logger.warning("circuit to %s opened after %d consecutive failures", self._name, self._failures)
        self._retry_at = self._clock() + self._reset
        self._changes += 1
