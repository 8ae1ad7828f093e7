"""Circuit breaker (microservices.io): stop asking an upstream that keeps failing, and try it again a little later."""

import logging
import time
from collections.abc import Callable

from .errors import UpstreamUnavailable

logger = logging.getLogger(__name__)


class CircuitBreaker:
    """Closed: calls pass. Open, after `failures` in a row: refused. Half-open, after `reset` seconds: one probe passes."""

    def __init__(
        self, name: str, *, failures: int, reset: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._threshold = failures
        self._reset = reset
        self._clock = clock
        self._failures = 0
        self._open_until: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether calls are refused at this moment."""
        return self._open_until is not None and self._clock() < self._open_until

    def before_call(self) -> None:
        """Raise `UpstreamUnavailable` while open; in half-open state the first caller becomes the probe."""
        if self._open_until is None:
            return
        if self.is_open:
            raise UpstreamUnavailable(f"The {self._name} service is unavailable; it will be tried again shortly.")
        # Everyone else keeps being refused until the probe is back.
        self._open_until = self._clock() + self._reset

    def succeeded(self) -> None:
        """Close the circuit."""
        if self._open_until is not None:
            logger.warning("circuit to %s closed", self._name)
        self._failures, self._open_until = 0, None

    def failed(self) -> None:
        """Count a failure; open the circuit at the threshold, or again after a failed probe."""
        self._failures += 1
        if self._failures < self._threshold:
            return
        if self._open_until is None:
            logger.warning("circuit to %s opened after %d failures in a row", self._name, self._failures)
        self._open_until = self._clock() + self._reset
