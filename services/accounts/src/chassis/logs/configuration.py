"""Configure logging: send every message of the process through our handlers."""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass

from pydantic import BaseModel, Secret, SecretBytes, SecretStr

from chassis.early_logging import LineHandler, install_hooks
from chassis.identity import Identity
from chassis.settings import WELL_KNOWN_PASSWORDS, ChassisSettings

from .formats import ConsoleFormatter, JsonFormatter
from .handlers import FileHandler
from .redaction import Redactor


def configure_default_logging(identity: Identity) -> None:
    """Log JSON at INFO, until the settings are loaded."""
    _configure([LineHandler(JsonFormatter(identity, Redactor()))], level="INFO")


def configure_logging(settings: ChassisSettings) -> None:
    """Configure logging from the settings. Raises `SystemExit` with code 78 if the log file cannot be opened."""
    redactor = redactor_for(settings)
    json_lines = JsonFormatter(settings.identity, redactor, with_spans=settings.sends_traces)
    is_console = settings.log_format == "console"
    handlers: list[logging.Handler] = [LineHandler(ConsoleFormatter(redactor) if is_console else json_lines)]
    if settings.log_file:
        handlers.append(_file_handler(settings, json_lines))
    _configure(handlers, level=settings.log_level)


def redactor_for(settings: ChassisSettings) -> Redactor:
    """Return a redactor that knows all secrets in the settings, except for well-known ones."""
    well_known = WELL_KNOWN_PASSWORDS | {settings.identity.name}
    return Redactor(settings.log_redact, [value for value in _secrets_in(settings) if value not in well_known])


def _secrets_in(value: object) -> Iterator[str]:
    """Yield the values of all secrets, at any depth. Bytes are also yielded in Python's notation."""
    if isinstance(value, Secret | SecretStr | SecretBytes):
        value = value.get_secret_value()
        if isinstance(value, bytes):
            yield repr(value)[2:-1]
            yield value.decode("utf-8", "replace")
        else:
            yield str(value)
    elif isinstance(value, BaseModel):
        yield from _secrets_in([each for _, each in value])
    elif is_dataclass(value):
        yield from _secrets_in(list(vars(value).values()))
    elif isinstance(value, Mapping):
        yield from _secrets_in([*value.keys(), *value.values()])
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _secrets_in(each)


def _configure(handlers: Sequence[logging.Handler], *, level: str) -> None:
    logging.basicConfig(level=level, handlers=handlers, force=True)
    # No line contains these, and they cost time for each record (Python's logging HOWTO, "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.captureWarnings(True)  # noqa: FBT003 - its only parameter
    logging.getLogger("uvicorn.access").disabled = True  # replaced by our access log
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
        logging.getLogger(__name__).critical("invalid setting: LOG_FILE: %s", error.strerror)
        raise SystemExit(os.EX_CONFIG) from None
    handler.setFormatter(formatter)
    return handler
