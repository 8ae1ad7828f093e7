"""Logging: everything that the process prints is one JSON object a line on stdout (or pleasant text for a console)."""

import logging
import os
import sys
from logging.handlers import RotatingFileHandler
from typing import Any

from pydantic import SecretStr

from .log_formats import ConsoleFormatter, JsonFormatter
from .redaction import Redactor
from .settings import WELL_KNOWN_PASSWORDS, ChassisSettings
from .uncaught import install_hooks


def configure_logging(settings: ChassisSettings | None = None) -> None:
    """Send every message of the process through our handlers; without settings, JSON at INFO for the first moments."""
    redactor = redactor_for(settings) if settings else Redactor()
    console = settings is not None and settings.log_format == "console"
    handlers: list[logging.Handler] = [LineHandler(ConsoleFormatter(redactor) if console else JsonFormatter(redactor))]
    if settings and settings.log_file:
        handlers.append(_file_handler(settings, redactor))
    logging.basicConfig(level=settings.log_level if settings else "INFO", handlers=handlers, force=True)
    # No line says these, and asking for them costs time for each record (Python's logging HOWTO, "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.captureWarnings(True)  # noqa: FBT003 - its only parameter
    logging.getLogger("uvicorn.access").disabled = True  # the access log is ours
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
    install_hooks()


def redactor_for(settings: ChassisSettings) -> Redactor:
    """A redactor that knows every secret among the settings, except those that are no secret to anybody."""
    values = (value.get_secret_value() for _, value in settings if isinstance(value, SecretStr))
    return Redactor(settings.log_redact, [value for value in values if value not in WELL_KNOWN_PASSWORDS])


class LineHandler(logging.StreamHandler[Any]):
    """Writes one record a line to stdout."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__(sys.stdout)
        self.setFormatter(formatter)

    def emit(self, record: logging.LogRecord) -> None:
        """Write at once; without the second lock that `StreamHandler.flush` takes for each line."""
        try:
            self.stream.write(self.format(record) + self.terminator)
            self.stream.flush()
        except Exception:  # noqa: BLE001 - as logging has it: no failure to log fails a request
            self.handleError(record)

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


def _file_handler(settings: ChassisSettings, redactor: Redactor) -> logging.Handler:
    try:
        handler = FileHandler(
            settings.log_file or os.devnull,
            maxBytes=settings.log_file_max_bytes,
            backupCount=settings.log_file_backups,
            encoding="utf-8",
        )
    except OSError as error:
        logging.getLogger(__name__).critical("unusable setting: LOG_FILE: %s", error.strerror)
        raise SystemExit(os.EX_CONFIG) from None
    handler.setFormatter(JsonFormatter(redactor))
    return handler
