"""What OpenTelemetry has to complain of, once a minute: a collector that is away would fill the log."""

import logging
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

QUIET_SECONDS: Final = 60.0
MOST_CHARACTERS: Final = 500
"""Of a complaint: some quote what a collector has answered."""

sending: ContextVar[bool] = ContextVar("sending", default=False)
"""Whether what is done now is part of sending to the collector."""

logger = logging.getLogger(__name__)


class TroubleHandler(logging.Handler):
    """Logs the first complaint, and then one in a minute, which says how many there were besides."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(logging.WARNING)
        self._clock = clock
        self._mutex = threading.Lock()
        self._silent_until = 0.0
        self._left_out = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Called in the threads that send."""
        with self._mutex:
            if self._clock() < self._silent_until:
                self._left_out += 1
                return
            self._silent_until = self._clock() + QUIET_SECONDS
            left_out, self._left_out = self._left_out, 0
        more = f" (and {left_out} more since the last such line)" if left_out else ""
        logger.warning("telemetry: %s%s", _text(record), more)


def _text(record: logging.LogRecord) -> str:
    """The complaint and the kind of error; a stack trace through a library's threads helps nobody."""
    error = record.exc_info[1] if record.exc_info else None
    text = f"{_without_headers(record)}{f' {type(error).__name__}' if error else ''}"
    return f"{text[:MOST_CHARACTERS]}…" if len(text) > MOST_CHARACTERS else text


def _without_headers(record: logging.LogRecord) -> str:
    """The complaint; one about a header of `OTEL_EXPORTER_OTLP_HEADERS` quotes it, and it may be a secret."""
    if record.name == "opentelemetry.util.re":
        return str(record.msg).replace("%s", "[redacted]")
    if isinstance(record.args, tuple) and any(type(each).__name__ == "InvalidHeader" for each in record.args):
        return "a header of OTEL_EXPORTER_OTLP_HEADERS cannot be sent"
    return record.getMessage()


def report_trouble() -> None:
    """Have OpenTelemetry's loggers report so, and no other way."""
    complaints = logging.getLogger("opentelemetry")
    complaints.propagate = False
    complaints.handlers[:] = [TroubleHandler()]
    logging.getLogger("urllib3.connection").addFilter(_is_of_others)
    logging.getLogger("opentelemetry.trace.span").disabled = True  # it quotes headers that clients sent


def _is_of_others(record: logging.LogRecord) -> bool:
    """Whether a complaint is none about the collector; those are reported as OpenTelemetry's own."""
    if not sending.get():
        return True
    logging.getLogger("opentelemetry").handle(record)
    return False
