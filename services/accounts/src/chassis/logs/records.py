"""Attributes of log records."""

import logging
from typing import Any, Final

from pythonjsonlogger.core import RESERVED_ATTRS

REDACTED_FIELDS: Final = "redacted_fields"
"""Attribute of a record that replaces `extra` if its fields and the message are already redacted."""

# uvicorn adds a coloured copy of each message.
_RESERVED: Final = frozenset(RESERVED_ATTRS) | {REDACTED_FIELDS, "color_message"}


def redacted_fields(record: logging.LogRecord) -> dict[str, Any] | None:
    """Return the fields of an already redacted record, or None for any other."""
    fields: dict[str, Any] | None = getattr(record, REDACTED_FIELDS, None)
    return fields


def further_fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return the further fields of a record, from `extra` or a record factory."""
    return {name: value for name, value in record.__dict__.items() if name not in _RESERVED}
