"""The file that log lines go to, if there is one, besides standard output."""

import logging
import sys
from logging.handlers import RotatingFileHandler

from chassis.early_logging import LineHandler


class FileHandler(RotatingFileHandler):
    """Writes the same lines to a file; what goes wrong with it is told on stdout."""

    _failed = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802
        """Report a full disk or the like, once; what cannot be formatted is told on stdout anyway."""
        error = sys.exception()
        if not isinstance(error, OSError) or self._failed:
            return
        self._failed = True
        failure = logging.makeLogRecord({"name": __name__, "levelname": "ERROR"})
        failure.msg = f"cannot write LOG_FILE: {error.strerror}"
        LineHandler(self.formatter or logging.Formatter()).handle(failure)
