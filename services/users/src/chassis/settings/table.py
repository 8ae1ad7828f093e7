"""The settings as a Markdown table: `python -m <package> settings > SETTINGS.md`."""

from typing import Any, Final

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from .chassis_settings import ChassisSettings

INTRODUCTION: Final = """\
# Settings

Read from environment variables, or from files of the same name (lower case) below `/run/secrets`; the environment
wins. An unusable value stops the start with exit code 78 and one log line for each variable.

Written by `python -m {package} settings > SETTINGS.md` from `settings.py`; a test compares the two.

| Variable | Default | Meaning |
|---|---|---|
"""


def settings_table(kind: type[ChassisSettings], *, package: str) -> str:
    """The whole document; the service's own settings come first."""
    chassis = ChassisSettings.model_fields
    own = {name: field for name, field in kind.model_fields.items() if name not in chassis}
    rows = [_row(name, field) for name, field in {**own, **kind.model_fields}.items()]
    return INTRODUCTION.format(package=package) + "".join(rows)


def _row(name: str, field: FieldInfo) -> str:
    cells = (f"`{name.upper()}`", _default(field), (field.description or "").replace("|", "\\|"))
    return f"| {' | '.join(cells)} |\n"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value: Any = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, frozenset | tuple | list):
        value = ",".join(sorted(map(str, value)))
    return "" if value is None or value == "" else f"`{value}`"
