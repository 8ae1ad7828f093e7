"""What happens before a service can do anything: its settings are read."""

import logging
import os
import re
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

from pydantic_core import ValidationError
from pydantic_settings import SettingsError

from chassis.logs import REDACTED_FIELDS
from chassis.settings import ChassisSettings

SettingsType = TypeVar("SettingsType", bound=ChassisSettings)

logger = logging.getLogger(__name__)


def load_settings(kind: type[SettingsType]) -> SettingsType:
    """Read the settings; on an unusable value log one line per variable (never the value) and exit with EX_CONFIG."""
    try:
        return kind()
    except ValidationError as error:
        _exit_unusable(*map(_line, error.errors(include_url=False, include_input=False, include_context=False)))
    except SettingsError as error:  # raised for the first such value only
        field = re.search(r'field "(\w+)"', str(error))
        cause = error.__cause__
        reason = f"cannot be read: {cause.strerror}" if isinstance(cause, OSError) else "is not valid JSON"
        _exit_unusable(f"{field[1].upper() if field else 'a value'}: {reason}")


def _line(problem: Mapping[str, Any]) -> str:
    variable = str(problem["loc"][0]).upper() if problem["loc"] else ""
    message = problem["msg"].removeprefix("Value error, ")
    return f"{variable}: {message}" if variable else message


def _exit_unusable(*lines: str) -> NoReturn:
    for line in lines:
        # It says no value, and must not be mistaken for a name with its secret.
        logger.critical("unusable setting: %s", line, extra={REDACTED_FIELDS: {}})
    raise SystemExit(os.EX_CONFIG)
