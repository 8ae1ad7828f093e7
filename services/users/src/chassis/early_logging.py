"""Log with the standard library only: before logging is configured, and for uncaught exceptions.

This module must not import other libraries, so that a missing library or a broken import is logged, too.
"""

import json
import logging
import sys
import threading
from datetime import UTC, datetime
from functools import lru_cache
from traceback import format_exception, format_tb
from types import TracebackType
from typing import Final

from chassis.identity import Identity
from chassis.standard_output import MAX_LINE, standard_output
from chassis.standard_streams import open_missing_streams

LONGEST_EARLY_TEXT: Final = 800  # characters of each field in a shortened line; JSON needs up to twelve bytes for each

logger = logging.getLogger("uncaught")


def start_logging(identity: Identity) -> None:
    """Log JSON lines to stdout until `chassis.logs.configure_logging` is called."""
    open_missing_streams()
    logging.basicConfig(handlers=[LineHandler(EarlyFormatter(identity))])
    install_hooks()


def install_hooks() -> None:
    """Log uncaught exceptions instead of printing them."""
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    sys.unraisablehook = _log_unraisable


class LineHandler(logging.Handler):
    """Writes one line per record to standard output."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self._output = standard_output()
        self._stream = None if self._output else sys.stdout
        if self._output:
            self._output.loss_line = self._loss_line

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record without waiting for the reader."""
        try:
            self._write(self.format(record))
        except Exception:  # noqa: BLE001 - logging must never make its caller fail
            self.handleError(record)

    def flush(self) -> None:
        """Wait briefly for unwritten lines. Called at the end of the process."""
        if self._output:
            self._output.flush()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Log that a record cannot be formatted. A line that cannot be written is lost."""
        error = sys.exception()
        if isinstance(error, OSError) or (self._stream and self._stream.closed):
            return  # stdout is closed, which must not fail a request
        failure = _record(record.name, "ERROR", "unloggable message at %s:%d: %s (%s)")
        failure.args = (record.pathname, record.lineno, _representation(record.msg), type(error).__name__)
        failure.exc_info = record.exc_info
        self._write(self.format(failure))

    def _write(self, line: str) -> None:
        if self._output:
            self._output.write(f"{line}\n".encode("utf-8", "backslashreplace"))
        elif self._stream:
            self._stream.write(f"{line}\n")
            self._stream.flush()

    def _loss_line(self, count: int) -> bytes:
        record = _record(__name__, "WARNING", "%d log lines were dropped because standard output was not read")
        record.args = (count,)
        return f"{self.format(record)}\n".encode()


def _record(logger_name: str, level: str, message: str) -> logging.LogRecord:
    return logging.makeLogRecord({"name": logger_name, "levelname": level, "msg": message})


def _representation(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - it may be anyone's code
        return f"<{type(value).__name__} object>"


class EarlyFormatter(logging.Formatter):
    """Formats records as JSON with the fields that the standard library provides."""

    def __init__(self, identity: Identity) -> None:
        super().__init__()
        self._identity = identity

    def format(self, record: logging.LogRecord) -> str:
        """Return one JSON object."""
        fields = {
            "timestamp": timestamp(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "service": self._identity.name,
            "version": self._identity.version,
        }
        error = record.exc_info[1] if record.exc_info else None
        fields |= exception_fields(error)
        line = json.dumps(fields)
        if len(line) < MAX_LINE:
            return line
        return json.dumps(
            {
                name: text if len(text) <= LONGEST_EARLY_TEXT else "…" + text[-LONGEST_EARLY_TEXT:]
                for name, text in fields.items()
            }
        )


def timestamp(record: logging.LogRecord) -> str:
    """Return the time of the record in RFC 3339 format, in UTC with milliseconds."""
    return f"{_to_the_second(int(record.created))}.{int(record.created % 1 * 1000):03}Z"


@lru_cache(maxsize=2)
def _to_the_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def exception_fields(error: BaseException | None) -> dict[str, str]:
    """Return the exception attributes of the OpenTelemetry semantic conventions."""
    if error is None:
        return {}
    return {
        "exception.type": type_of(error),
        "exception.message": text_of(error),
        "exception.stacktrace": stack_trace(error),
    }


def text_of(value: object) -> str:
    """Return `str(value)`, or a placeholder if it fails."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - it may be anyone's code
        return f"<{type(value).__name__} str() failed>"


def type_of(error: BaseException) -> str:
    """Return the name of the class, with its module unless it is built in."""
    return f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")


def stack_trace(error: BaseException) -> str:
    """Return the stack trace of the error and its causes, as Python prints it."""
    try:
        return "".join(format_exception(error)).rstrip()
    except Exception:  # noqa: BLE001 - an attribute that Python reads may fail, too
        return "".join([*format_tb(error.__traceback__), type(error).__name__])


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        logger.critical("uncaught exception", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(failure: threading.ExceptHookArgs) -> None:
    if failure.exc_value and not issubclass(failure.exc_type, SystemExit):
        logger.critical("uncaught exception in a thread", exc_info=failure.exc_value)


def _log_unraisable(failure: "sys.UnraisableHookArgs") -> None:
    where = "" if failure.object is None else f": {failure.object!r}"  # Python 3.14 has it in the message
    logger.error("%s%s", failure.err_msg or "exception ignored in", where, exc_info=failure.exc_value)
