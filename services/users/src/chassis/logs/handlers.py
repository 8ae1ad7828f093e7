"""Write log lines to a file, in addition to standard output."""

import logging
import sys
from logging.handlers import RotatingFileHandler

from chassis.early_logging import LineHandler


class FileHandler(RotatingFileHandler):
    """Writes the same lines to a file, and reports errors on stdout."""

    _failed = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802
        """Report an I/O error, such as a full disk, once. Formatting errors are reported on stdout anyway."""
        error = sys.exception()
        if not isinstance(error, OSError) or self._failed:
            return
        self._failed = True
        failure = logging.makeLogRecord({"name": __name__, "levelname": "ERROR"})
        failure.msg = f"cannot write LOG_FILE: {error.strerror}"
        LineHandler(self.formatter or logging.Formatter()).handle(failure)
