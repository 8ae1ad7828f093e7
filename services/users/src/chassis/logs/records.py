"""What the chassis finds in a log record, or puts there."""

import logging
from typing import Any, Final

from pythonjsonlogger.core import RESERVED_ATTRS

REDACTED_FIELDS: Final = "redacted_fields"
"""The attribute of a record that takes the place of `extra` if neither it nor the message holds a secret any more."""

_RESERVED: Final = frozenset(RESERVED_ATTRS) | {"color_message"}  # uvicorn repeats each message with colours in it


def redacted_fields(record: logging.LogRecord) -> dict[str, Any] | None:
    """The fields of a record that holds no secret any more; None for any other record."""
    fields: dict[str, Any] | None = getattr(record, REDACTED_FIELDS, None)
    return fields


def further_fields(record: logging.LogRecord) -> dict[str, Any]:
    """What the caller passed as `extra`."""
    fields = redacted_fields(record)
    if fields is not None:
        return fields
    return {name: value for name, value in record.__dict__.items() if name not in _RESERVED}
