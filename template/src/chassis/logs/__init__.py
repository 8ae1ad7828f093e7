"""Logs: one JSON object a line on stdout (or readable text for a console), an access line a request, no secret in any.

`formats` says how a line looks, `handlers` where it goes, `redaction` what is masked, `printed` what becomes of
`print`, `access` and `exchange` what is logged of a request.
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
