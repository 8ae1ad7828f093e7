"""Load the settings at startup."""

import logging
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, TypeVar, get_args

from pydantic import Secret, SecretBytes, SecretStr
from pydantic_core import ValidationError
from pydantic_settings import SettingsError

from chassis.logs import REDACTED_FIELDS
from chassis.settings import ChassisSettings, UnusableVariables
from chassis.settings.variables import names_at, own_names, variables

SettingsType = TypeVar("SettingsType", bound=ChassisSettings)

logger = logging.getLogger(__name__)


def load_settings(kind: type[SettingsType]) -> SettingsType:
    """Return the settings. If values are invalid, log one line per variable, without the value, and exit with 78."""
    try:
        return kind()
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False)
        _exit_unusable(*dict.fromkeys(_line(kind, problem) for problem in problems))
    except UnusableVariables as error:
        _exit_unusable(*(f"{name}: {reason}" for name, reason in error.reasons.items()))
    except SettingsError as error:  # from a source that the service added
        field = re.search(r'field "(\w+)"', str(error))
        cause = error.__cause__
        reason = f"cannot be read: {cause.strerror}" if isinstance(cause, OSError) else "is not valid JSON"
        _exit_unusable(f"{field[1].upper() if field else 'a value'}: {reason}")


def _line(kind: type[ChassisSettings], problem: Mapping[str, Any]) -> str:
    message = problem["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    for value in _values(kind, problem):  # a validator of the service may repeat the value
        message = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "…", message)
    names = names_at(kind, problem["loc"])
    given = {name.upper() for name in os.environ}
    name = next((name for name in names if name.upper() in given), " or ".join(names))
    return f"{name}: {message}" if name else message


def _values(kind: type[ChassisSettings], problem: Mapping[str, Any]) -> Iterator[str]:
    """Yield the values given for the field or, if the problem concerns all fields, for those with secrets."""
    if problem["loc"]:
        return _texts(problem["input"])
    secret = {variable.fields[0] for variable in variables(kind) if _is_secret(variable.fields[-1][1].annotation)}
    names = {own for name, field in secret for own in (name, *own_names(kind, name, field))}
    given = problem["input"] if isinstance(problem["input"], Mapping) else {}
    return _texts([value for name, value in given.items() if name in names])


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _texts(item)


def _is_secret(annotation: object) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, SecretStr | SecretBytes | Secret):
        return True
    return any(map(_is_secret, get_args(annotation)))


def _exit_unusable(*lines: str) -> NoReturn:
    for line in lines:
        # It contains no value, and must not be mistaken for a name with its secret.
        logger.critical("invalid setting: %s", line, extra={REDACTED_FIELDS: {}})
    raise SystemExit(os.EX_CONFIG)
