"""Log lines with nothing but the standard library: before logging is configured, and of what nobody caught.

A library that is missing or a broken import becomes a log line, too, so this module must not need any.
"""

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from functools import lru_cache
from traceback import format_exception
from types import TracebackType

from chassis.identity import Identity
from chassis.standard_streams import open_missing_streams

logger = logging.getLogger("uncaught")


def start_logging(identity: Identity) -> None:
    """Print JSON lines on stdout until `chassis.logs.configure_logging` is called."""
    open_missing_streams()
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(EarlyFormatter(identity))
    logging.basicConfig(handlers=[handler])
    install_hooks()


def install_hooks() -> None:
    """Send uncaught exceptions to the log instead of printing them."""
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    sys.unraisablehook = _log_unraisable


class EarlyFormatter(logging.Formatter):
    """The few fields that the standard library can fill."""

    def __init__(self, identity: Identity) -> None:
        super().__init__()
        self._identity = identity

    def format(self, record: logging.LogRecord) -> str:
        """One JSON object."""
        fields = {
            "timestamp": timestamp(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "service": self._identity.name,
            "version": self._identity.version,
        }
        error = record.exc_info[1] if record.exc_info else None
        return json.dumps(fields | exception_fields(error))


def timestamp(record: logging.LogRecord) -> str:
    """When it was logged: RFC 3339, UTC, milliseconds."""
    return f"{_to_the_second(int(record.created))}.{int(record.created % 1 * 1000):03}Z"


@lru_cache(maxsize=2)
def _to_the_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def exception_fields(error: BaseException | None) -> dict[str, str]:
    """The exception attributes of the OpenTelemetry semantic conventions."""
    if error is None:
        return {}
    return {
        "exception.type": f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins."),
        "exception.message": str(error),
        "exception.stacktrace": "".join(format_exception(error)).rstrip(),
    }


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        logger.critical("uncaught exception", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(failure: threading.ExceptHookArgs) -> None:
    if failure.exc_value and not issubclass(failure.exc_type, SystemExit):
        logger.critical("uncaught exception in a thread", exc_info=failure.exc_value)


def _log_unraisable(failure: "sys.UnraisableHookArgs") -> None:
    where = "" if failure.object is None else f": {failure.object!r}"  # Python 3.14 has it in the message
    logger.error("%s%s", failure.err_msg or "exception ignored in", where, exc_info=failure.exc_value)
