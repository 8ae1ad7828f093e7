"""What the chassis finds in a log record, or puts there."""

import logging
from typing import Any, Final

from pythonjsonlogger.core import RESERVED_ATTRS

REDACTED_FIELDS: Final = "redacted_fields"
"""The attribute of a record that takes the place of `extra` if neither it nor the message holds a secret any more."""

# uvicorn repeats each message with colours in it.
_RESERVED: Final = frozenset(RESERVED_ATTRS) | {REDACTED_FIELDS, "color_message"}


def redacted_fields(record: logging.LogRecord) -> dict[str, Any] | None:
    """The fields of a record that holds no secret any more; None for any other record."""
    fields: dict[str, Any] | None = getattr(record, REDACTED_FIELDS, None)
    return fields


def further_fields(record: logging.LogRecord) -> dict[str, Any]:
    """What else a record holds: what the caller passed as `extra`, or the record's factory added."""
    return {name: value for name, value in record.__dict__.items() if name not in _RESERVED}
