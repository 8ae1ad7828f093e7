"""Log errors of OpenTelemetry, at most once a minute: an unavailable collector would fill the log."""

import logging
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

QUIET_SECONDS: Final = 60.0
MOST_CHARACTERS: Final = 500
"""Maximum length of an error message. Some quote the collector's response."""

sending: ContextVar[bool] = ContextVar("sending", default=False)
"""Whether the current code is sending to the collector."""

logger = logging.getLogger(__name__)


class TroubleHandler(logging.Handler):
    """Logs the first error, and then one per minute with the number of those in between."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(logging.WARNING)
        self._clock = clock
        self._mutex = threading.Lock()
        self._silent_until = 0.0
        self._left_out = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Log the record, or count it. Called in the threads that send."""
        with self._mutex:
            if self._clock() < self._silent_until:
                self._left_out += 1
                return
            self._silent_until = self._clock() + QUIET_SECONDS
            left_out, self._left_out = self._left_out, 0
        more = f" (and {left_out} more since the last such line)" if left_out else ""
        logger.warning("telemetry: %s%s", _text(record), more)


def _text(record: logging.LogRecord) -> str:
    """Return the message and the type of error, without the stack trace through a library's threads."""
    error = record.exc_info[1] if record.exc_info else None
    text = f"{_without_headers(record)}{f' {type(error).__name__}' if error else ''}"
    return f"{text[:MOST_CHARACTERS]}…" if len(text) > MOST_CHARACTERS else text


def _without_headers(record: logging.LogRecord) -> str:
    """Return the message without a quoted header of `OTEL_EXPORTER_OTLP_HEADERS`, which may be a secret."""
    if record.name == "opentelemetry.util.re":
        return str(record.msg).replace("%s", "[redacted]")
    if isinstance(record.args, tuple) and any(type(each).__name__ == "InvalidHeader" for each in record.args):
        return "OTEL_EXPORTER_OTLP_HEADERS has an invalid header"
    return record.getMessage()


def report_trouble() -> None:
    """Route all messages of OpenTelemetry's loggers to `TroubleHandler` only."""
    complaints = logging.getLogger("opentelemetry")
    complaints.propagate = False
    complaints.handlers[:] = [TroubleHandler()]
    logging.getLogger("urllib3.connection").addFilter(_is_of_others)
    logging.getLogger("opentelemetry.trace.span").disabled = True  # it quotes headers from clients


def _is_of_others(record: logging.LogRecord) -> bool:
    """Return whether the record is not about the collector. Those that are go to OpenTelemetry's logger."""
    if not sending.get():
        return True
    logging.getLogger("opentelemetry").handle(record)
    return False
