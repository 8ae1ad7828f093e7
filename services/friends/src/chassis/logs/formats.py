"""Format log records: a JSON object for machines, or text for a console, one line each."""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

import orjson
from pythonjsonlogger.core import LogData
from pythonjsonlogger.orjson import OrjsonFormatter

from chassis.early_logging import timestamp
from chassis.identity import Identity
from chassis.request_context import current_request
from chassis.spans import span_ids
from chassis.standard_output import MAX_LINE

from .exceptions import exception_fields
from .excerpts import MARK, Excerpt, Redact, beginning, both_ends, fitted
from .records import further_fields, redacted_fields
from .redaction import Redactor
from .row_values import RowValues, without_row_values

# JSON escapes the ASCII controls. Some readers also treat these as line ends, terminal controls or text direction.
_STEERING: Final = (0x7F, *range(0x80, 0xA0), 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
LONGEST_PART: Final = 10_000  # characters of a message, its fields and its stack trace on a console
_ESCAPES: Final = {code: f"\\u{code:04x}" for code in _STEERING}
_CONSOLE_ESCAPES: Final = {code: f"\\x{code:02x}" for code in range(0x20)} | _ESCAPES


_NONE: Final = RowValues(())


class JsonFormatter(OrjsonFormatter):
    """Formats a record as one JSON object, with service, request and exception."""

    def __init__(self, identity: Identity, redactor: Redactor, *, with_spans: bool = False) -> None:
        super().__init__()
        self._identity = identity
        self._redactor = redactor
        self._with_spans = with_spans

    def add_fields(self, log_data: LogData, record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Set the fields, in reading order. `extra` cannot overwrite them."""
        log_data["timestamp"] = timestamp(record)
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        redacted = redacted_fields(record)
        values = _row_values(record) if redacted is None or record.exc_info else _NONE
        log_data["message"] = record.message if redacted is not None else _message(record.message, values, self._redact)
        log_data["service"] = self._identity.name
        log_data["version"] = self._identity.version
        if request := current_request():
            log_data["request_id"] = request.request_id
            log_data["trace_id"] = request.trace_id
        if self._with_spans:
            log_data.update(span_ids())
        log_data.update(redacted or {})
        if record.exc_info:
            log_data.update(exception_fields(record.exc_info[1], values, self._redact))
        message_dict.pop("exc_info", None)
        if further := further_fields(record) | message_dict:
            for name, value in Excerpt(self._redact).fields(further).items():
                log_data.setdefault(name, self._redactor.field(name, value))

    def jsonify_log_record(self, log_data: LogData) -> str:
        """Return the encoded line, shortened to the maximum size."""
        return fitted(log_data, _encoded)

    def _redact(self, text: str) -> str:
        return self._redactor.text(without_row_values(text))

    def formatException(self, ei: object) -> str:  # noqa: ARG002, N802
        """Return nothing, since `exception.stacktrace` has it."""
        return ""


def _encoded(fields: Mapping[str, Any]) -> str:
    """Return one JSON object, with characters escaped that some readers treat as line ends."""
    try:
        line = orjson.dumps(fields).decode()
    except TypeError:  # orjson refuses lone surrogates and integers beyond 64 bits
        return json.dumps(fields)
    return line if line.isascii() and "\x7f" not in line else line.translate(_ESCAPES)


def _row_values(record: logging.LogRecord) -> RowValues:
    """Return the values of rows in the record's exceptions, which must not be logged."""
    error = record.exc_info[1] if record.exc_info else None
    arguments = record.args.values() if isinstance(record.args, Mapping) else record.args or ()
    errors = [each for each in (error, record.msg, *arguments) if isinstance(each, BaseException)]
    return RowValues(errors) if errors else _NONE


def _message(message: str, values: RowValues, redact: Redact) -> str:
    return beginning(values.hidden_in(message), MAX_LINE, redact)


class ConsoleFormatter(logging.Formatter):
    """Formats a record for people: one line, coloured on a terminal, then the indented stack trace if any."""

    COLOURS: ClassVar = {"DEBUG": "2", "INFO": "32", "WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}
    # The message of an access line contains these already, or they only help machines.
    OMITTED: ClassVar = frozenset({"http.request.method", "url.path", "http.response.status_code", "http.route"})

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor
        self._colour = sys.stdout.isatty()

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level, message, logger, request ID and further fields, with control characters escaped."""
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S.%f")[:-3]
        level = self._painted(f"{record.levelname:<8}", self.COLOURS.get(record.levelname, "0"))
        redacted, values, message = redacted_fields(record), _row_values(record), record.getMessage()
        if redacted is None:
            message = _message(message, values, self._redact)
        error = record.exc_info[1] if record.exc_info else None
        trace = exception_fields(error, values, self._redact).get("exception.stacktrace", "")
        details = both_ends(self._details(record, redacted), LONGEST_PART)
        line = f"{time} {level} {_printable(both_ends(message, LONGEST_PART))}  {self._painted(details, '2')}"
        lines = both_ends(trace, LONGEST_PART).split("\n")
        line += "".join(f"\n    {_printable(part)}" for part in lines if part)
        encoded = line.encode()
        return (
            line
            if len(encoded) < MAX_LINE
            else encoded[: MAX_LINE - 16].decode("utf-8", "ignore") + self._painted(MARK, "0")
        )

    def _redact(self, text: str) -> str:
        return self._redactor.text(without_row_values(text))

    def _details(self, record: logging.LogRecord, redacted: dict[str, Any] | None) -> str:
        further = Excerpt(self._redact).fields(further_fields(record))
        fields = {name: self._redactor.field(name, value) for name, value in further.items()} | (redacted or {})
        if request := current_request():
            fields["request_id"] = request.request_id
        pairs = (f"{name}={value}" for name, value in fields.items() if name not in self.OMITTED)
        return _printable(" ".join((record.name, *pairs)))

    def _painted(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colour else text


def _printable(text: str) -> str:
    # A lone surrogate could not be written.
    return text.translate(_CONSOLE_ESCAPES).encode("utf-8", "backslashreplace").decode()
