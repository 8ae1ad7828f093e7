"""Logs: one JSON object per line on stdout (or text for a console), one access line per request, without secrets.

`formats` formats lines, `handlers` writes them to a file, `redaction` masks secrets, `printed` logs what is printed,
`access` and `exchange` log requests.
"""

from .access import END_USER, AccessLogMiddleware
from .configuration import configure_default_logging, configure_logging, redactor_for
from .printed import log_printed_lines
from .records import REDACTED_FIELDS

__all__ = [
    "END_USER",
    "REDACTED_FIELDS",
    "AccessLogMiddleware",
    "configure_default_logging",
    "configure_logging",
    "log_printed_lines",
    "redactor_for",
]
