"""Where log lines go: to stdout, and to a file if there is one."""

import logging
import sys
from logging.handlers import RotatingFileHandler
from typing import Any


class LineHandler(logging.StreamHandler[Any]):
    """Writes one record a line to stdout."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__(sys.stdout)
        self.setFormatter(formatter)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Say in a line of its own that a record cannot be formatted; a line that cannot be written is lost."""
        error = sys.exception()
        if isinstance(error, OSError) or self.stream.closed:
            return  # nobody reads stdout any more, which is no reason to fail a request
        failure = logging.makeLogRecord({"name": record.name, "levelname": "ERROR"})
        failure.msg = "unloggable message at %s:%d: %r (%s)"
        failure.args = (record.pathname, record.lineno, record.msg, type(error).__name__)
        self.stream.write(self.format(failure) + self.terminator)
        self.flush()


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
