"""The settings as a Markdown table: `python -m <package> settings > SETTINGS.md`."""

import json
from typing import Final

from pydantic import BaseModel, SecretBytes, SecretStr
from pydantic_core import to_jsonable_python

from .chassis_settings import ChassisSettings
from .variables import Variable, variables

INTRODUCTION: Final = """\
# Settings

Read from environment variables, or from files of the same name (lower case) below `/run/secrets`; the environment
wins. In development, `development.env` has what neither says. An unusable value stops the start with exit code 78 and
one log line for each variable.

Written by `python -m {package} settings > SETTINGS.md` from `settings.py`; a test compares the two.

| Variable | Default | Meaning |
|---|---|---|
"""
BAR: Final = "\\|"


def settings_table(kind: type[ChassisSettings], *, package: str) -> str:
    """The whole document; the service's own settings come first."""
    found = sorted(variables(kind), key=lambda variable: variable.fields[0][0] in ChassisSettings.model_fields)
    return INTRODUCTION.format(package=package) + "".join(map(_row, found))


def _row(variable: Variable) -> str:
    names = " or ".join(f"`{name}`" for name in variable.names)
    cells = (names, _default(variable), variable.fields[-1][1].description or "")
    return f"| {' | '.join(cell.replace('|', BAR).replace(chr(10), ' ') for cell in cells)} |\n"


def _default(variable: Variable) -> str:
    for position, (_, field) in enumerate(variable.fields[:-1]):
        if isinstance(field.default, BaseModel):
            value: object = field.default
            for name, _ in variable.fields[position + 1 :]:
                value = getattr(value, name, None)
            return _shown(value)
    field = variable.fields[-1][1]
    if field.is_required():
        is_part = any(outer.default is None for _, outer in variable.fields[:-1])
        return f"required if another `{variable.names[0].rpartition('__')[0]}__…` is set" if is_part else "required"
    if field.default_factory is None:
        return _shown(field.default)
    if field.default_factory_takes_validated_data:
        return "made of other settings"
    made, made_again = (_shown(field.get_default(call_default_factory=True)) for _ in range(2))
    return made if made == made_again else "made anew at each start"


def _shown(value: object) -> str:
    """A default as one would set it."""
    plain = to_jsonable_python(_opened(value), fallback=str)
    if isinstance(value, set | frozenset):
        plain = sorted(plain, key=str)
    if isinstance(plain, list) and not any(isinstance(item, list | dict) for item in plain):
        plain = ",".join(map(str, plain))
    if isinstance(plain, list | dict):
        plain = json.dumps(plain, ensure_ascii=False)
    return "" if plain is None or plain == "" else f"`{plain}`"


def _opened(value: object) -> object:
    """A secret's value: that of a default is known to everybody."""
    if isinstance(value, SecretStr | SecretBytes):
        return value.get_secret_value()
    return [_opened(item) for item in value] if isinstance(value, list | tuple | set | frozenset) else value
