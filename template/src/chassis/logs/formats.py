"""How a log record looks: a JSON object for machines, or pleasant text for a console; one line either way."""

import json
import logging
import sys
from datetime import datetime
from typing import Any, ClassVar, Final

import orjson
from pythonjsonlogger.core import LogData
from pythonjsonlogger.orjson import OrjsonFormatter

from chassis.early_logging import exception_fields, timestamp
from chassis.identity import Identity
from chassis.request_context import current_request

from .records import further_fields, redacted_fields
from .redaction import Redactor

# JSON escapes the ASCII controls. These too end a line, steer a terminal or reverse what is shown, for some readers.
_STEERING: Final = (0x7F, *range(0x80, 0xA0), 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
_ESCAPES: Final = {code: f"\\u{code:04x}" for code in _STEERING}
_CONSOLE_ESCAPES: Final = {code: f"\\x{code:02x}" for code in range(0x20)} | _ESCAPES


class JsonFormatter(OrjsonFormatter):
    """A record as one JSON object: who, what, in which request, and the exception if there is one."""

    def __init__(self, identity: Identity, redactor: Redactor) -> None:
        super().__init__()
        self._identity = identity
        self._redactor = redactor

    def add_fields(self, log_data: LogData, record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Fill the fields in the order in which one wants to read them; none can be overwritten by `extra`."""
        log_data["timestamp"] = timestamp(record)
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        redacted = redacted_fields(record)
        log_data["message"] = record.message if redacted is not None else self._redactor.text(record.message)
        log_data["service"] = self._identity.name
        log_data["version"] = self._identity.version
        if request := current_request():
            log_data["request_id"] = request.request_id
            log_data["trace_id"] = request.trace_id
        log_data.update(redacted or {})
        message_dict.pop("exc_info", None)
        for name, value in (further_fields(record) | message_dict).items():
            log_data.setdefault(str(name), self._redactor.field(str(name), value))
        if record.exc_info:
            for name, text in exception_fields(record.exc_info[1]).items():
                log_data[name] = self._redactor.text(text)

    def jsonify_log_record(self, log_data: LogData) -> str:
        """Encode; characters that some readers take for the end of a line are escaped."""
        try:
            line = orjson.dumps(log_data).decode()
        except TypeError:  # orjson refuses lone surrogates and integers beyond 64 bits
            return json.dumps(log_data)
        return line if line.isascii() and "\x7f" not in line else line.translate(_ESCAPES)

    def formatException(self, ei: object) -> str:  # noqa: ARG002, N802
        """Nothing: `exception.stacktrace` holds it."""
        return ""


class ConsoleFormatter(logging.Formatter):
    """A record for human eyes: one line, in colour on a terminal, then the indented stack trace if there is one."""

    COLOURS: ClassVar = {"DEBUG": "2", "INFO": "32", "WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}
    # The message of an access line says these already, or they help machines only.
    OMITTED: ClassVar = frozenset({"http.request.method", "url.path", "http.response.status_code", "http.route"})

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor
        self._colour = sys.stdout.isatty()

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, message, logger, request id, further fields; control characters are escaped."""
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S.%f")[:-3]
        level = self._painted(f"{record.levelname:<8}", self.COLOURS.get(record.levelname, "0"))
        message = record.getMessage()
        if redacted_fields(record) is None:
            message = self._redactor.text(message)
        line = f"{time} {level} {_printable(message)}  {self._painted(self._details(record), '2')}"
        error = record.exc_info[1] if record.exc_info else None
        trace = self._redactor.text(exception_fields(error).get("exception.stacktrace", ""))
        return line + "".join(f"\n    {_printable(part)}" for part in trace.split("\n") if part)

    def _details(self, record: logging.LogRecord) -> str:
        fields = {name: self._redactor.field(name, value) for name, value in further_fields(record).items()}
        fields |= redacted_fields(record) or {}
        if request := current_request():
            fields["request_id"] = request.request_id
        pairs = (f"{name}={value}" for name, value in fields.items() if name not in self.OMITTED)
        return _printable(" ".join((record.name, *pairs)))

    def _painted(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colour else text


def _printable(text: str) -> str:
    # A lone surrogate could not be written at all.
    return text.translate(_CONSOLE_ESCAPES).encode("utf-8", "backslashreplace").decode()
