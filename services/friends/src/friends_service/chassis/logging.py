"""Logging: everything that the process prints is one JSON object a line on stdout (or pleasant text for a console)."""

import json
import logging
import logging.handlers
import os
import sys
import threading
from datetime import UTC, datetime
from traceback import format_exception
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar

from pythonjsonlogger.core import RESERVED_ATTRS, LogData
from pythonjsonlogger.orjson import OrjsonFormatter, orjson_default

from .. import SERVICE_NAME
from .redaction import Redactor
from .request_context import current_request

if TYPE_CHECKING:
    from .settings import ChassisSettings

_RESERVED = frozenset(RESERVED_ATTRS) | {"color_message"}  # uvicorn repeats each message with colours in it
_LINE_BREAKS = str.maketrans({character: f"\\u{ord(character):04x}" for character in "\x7f\x85\u2028\u2029"})
_CONTROL = str.maketrans({code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}) | _LINE_BREAKS


def configure_logging(settings: "ChassisSettings | None" = None) -> None:
    """Send every message of the process through one handler; without settings, JSON at INFO for the first moments."""
    redactor = Redactor()
    level, handlers = "INFO", [_handler(JsonFormatter(redactor))]
    if settings:
        redactor = Redactor(settings.log_redact, [settings.postgres_password.get_secret_value()])
        formatter = ConsoleFormatter(redactor) if settings.log_format == "console" else JsonFormatter(redactor)
        level, handlers = settings.log_level, [_handler(formatter), *_file_handlers(settings, redactor)]
    logging.basicConfig(level=level, handlers=handlers, force=True)
    logging.captureWarnings(True)  # noqa: FBT003 - its only parameter
    logging.getLogger("uvicorn.access").disabled = True  # the access log is ours
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    sys.unraisablehook = _log_unraisable


def _handler(formatter: logging.Formatter) -> logging.Handler:
    handler = LineHandler(sys.stdout)
    handler.setFormatter(formatter)
    return handler


def _file_handlers(settings: "ChassisSettings", redactor: Redactor) -> list[logging.Handler]:
    if settings.log_file is None:
        return []
    try:
        handler = logging.handlers.RotatingFileHandler(
            settings.log_file,
            maxBytes=settings.log_file_max_bytes,
            backupCount=settings.log_file_backups,
            encoding="utf-8",
        )
    except OSError as error:
        logging.getLogger(__name__).critical("unusable setting: LOG_FILE: %s", error.strerror)
        raise SystemExit(os.EX_CONFIG) from None
    handler.setFormatter(JsonFormatter(redactor))
    return [handler]


class LineHandler(logging.StreamHandler[Any]):
    """Writes one record a line; a record that cannot be formatted is reported in a line too, never as plain text."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Report what could not be logged, by its unformatted message."""
        failure = logging.makeLogRecord({"name": record.name, "levelname": "ERROR", "msg": "unloggable: %r"})
        failure.args = (record.msg,)
        self.stream.write(self.format(failure) + self.terminator)


class JsonFormatter(OrjsonFormatter):
    """A record as one JSON object: who, what, in which request, and the exception if there is one."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def add_fields(self, log_data: LogData, record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Fill the fields in the order in which one wants to read them."""
        log_data["timestamp"] = _timestamp(record)
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        log_data["message"] = self._redactor.text(record.message)
        log_data["service"] = SERVICE_NAME
        if request := current_request():
            log_data["request_id"] = request.request_id
            log_data["trace_id"] = request.trace_id
        log_data.update(_further_fields(record))
        log_data.update(message_dict)
        log_data.pop("exc_info", None)
        if record.exc_info and record.exc_info[0]:
            log_data |= exception_fields(record.exc_info[1], self._redactor)

    def jsonify_log_record(self, log_data: LogData) -> str:
        """Encode; characters that some readers take for the end of a line are escaped."""
        try:
            line = super().jsonify_log_record(log_data)
        except TypeError:  # orjson refuses lone surrogates and integers beyond 64 bits
            return json.dumps(log_data, default=orjson_default)
        return line if line.isascii() and "\x7f" not in line else line.translate(_LINE_BREAKS)

    def formatException(self, ei: Any) -> str:
        """Nothing: `exception.stacktrace` holds it."""
        return ""


class ConsoleFormatter(logging.Formatter):
    """A record for human eyes: one line, in colour on a terminal, then the indented stack trace if there is one."""

    COLOURS: ClassVar = {"DEBUG": "2", "INFO": "32", "WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor
        self._colour = sys.stdout.isatty()

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger, message, request id, further fields; control characters are escaped."""
        message = _printable(self._redactor.text(record.getMessage()))
        fields = _further_fields(record)
        if request := current_request():
            fields["request_id"] = request.request_id
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S.%f")[:-3]
        extras = _printable(" ".join(f"{name}={value}" for name, value in sorted(fields.items())))
        line = f"{time} {self._level(record)} {message}  {self._dim(f'{record.name} {extras}'.strip())}"
        if record.exc_info and record.exc_info[1]:
            trace = exception_fields(record.exc_info[1], self._redactor)["exception.stacktrace"]
            line += "".join(f"\n    {_printable(part)}" for part in trace.split("\n"))
        return line

    def _level(self, record: logging.LogRecord) -> str:
        text = f"{record.levelname:<8}"
        return f"\x1b[{self.COLOURS.get(record.levelname, '0')}m{text}\x1b[0m" if self._colour else text

    def _dim(self, text: str) -> str:
        return f"\x1b[2m{text}\x1b[0m" if self._colour else text


def exception_fields(error: BaseException | None, redactor: Redactor) -> dict[str, str]:
    """The exception attributes of the OpenTelemetry semantic conventions."""
    if error is None:
        return {}
    return {
        "exception.type": f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins."),
        "exception.message": redactor.text(str(error)),
        "exception.stacktrace": redactor.text("".join(format_exception(error)).rstrip()),
    }


def _timestamp(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _further_fields(record: logging.LogRecord) -> dict[str, Any]:
    """What the caller passed as `extra`."""
    return {name: value for name, value in record.__dict__.items() if name not in _RESERVED}


def _printable(text: str) -> str:
    return text.translate(_CONTROL)


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("uncaught").critical("uncaught exception", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(failure: threading.ExceptHookArgs) -> None:
    if failure.exc_value:
        logging.getLogger("uncaught").critical("uncaught exception in a thread", exc_info=failure.exc_value)


def _log_unraisable(failure: Any) -> None:
    logging.getLogger("uncaught").error("exception ignored: %s", failure.err_msg, exc_info=failure.exc_value)
