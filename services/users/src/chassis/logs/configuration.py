"""Sends every message of the process through our handlers."""

import logging
import os
from collections.abc import Sequence

from pydantic import SecretStr

from chassis.early_logging import LineHandler, install_hooks
from chassis.identity import Identity
from chassis.settings import WELL_KNOWN_PASSWORDS, ChassisSettings

from .formats import ConsoleFormatter, JsonFormatter
from .handlers import FileHandler
from .redaction import Redactor


def configure_default_logging(identity: Identity) -> None:
    """Log JSON at INFO: for the first moments, in which nobody has read the settings yet."""
    _configure([LineHandler(JsonFormatter(identity, Redactor()))], level="INFO")


def configure_logging(settings: ChassisSettings) -> None:
    """Log as the settings say; a log file that cannot be opened ends the process with EX_CONFIG."""
    redactor = redactor_for(settings)
    json_lines = JsonFormatter(settings.identity, redactor)
    is_console = settings.log_format == "console"
    handlers: list[logging.Handler] = [LineHandler(ConsoleFormatter(redactor) if is_console else json_lines)]
    if settings.log_file:
        handlers.append(_file_handler(settings, json_lines))
    _configure(handlers, level=settings.log_level)


def redactor_for(settings: ChassisSettings) -> Redactor:
    """A redactor that knows every secret among the settings, except those that are no secret to anybody."""
    values = (value.get_secret_value() for _, value in settings if isinstance(value, SecretStr))
    well_known = WELL_KNOWN_PASSWORDS | {settings.identity.name}
    return Redactor(settings.log_redact, [value for value in values if value not in well_known])


def _configure(handlers: Sequence[logging.Handler], *, level: str) -> None:
    logging.basicConfig(level=level, handlers=handlers, force=True)
    # No line says these, and asking for them costs time for each record (Python's logging HOWTO, "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.captureWarnings(True)  # noqa: FBT003 - its only parameter
    logging.getLogger("uvicorn.access").disabled = True  # the access log is ours
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
    install_hooks()


def _file_handler(settings: ChassisSettings, formatter: logging.Formatter) -> logging.Handler:
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
    handler.setFormatter(formatter)
    return handler
