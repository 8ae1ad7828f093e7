"""Read fields from environment variables. Secret files and `development.env` are read in the same way."""

from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsError

from .types import split
from .variables import own_names

LISTS: Final = (list, tuple, set, frozenset)


class UnusableVariables(SettingsError):
    """Some variables are invalid. `reasons` says why, by variable, without their values."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in reasons.items()))
        self.reasons = reasons


class _Undecodable(ValueError):
    def __init__(self, reason: str, value: object) -> None:
        super().__init__(reason)
        self.value = value


class Variables(EnvSettingsSource):
    """The environment variables, or those in `given` instead.

    A list may be comma-separated or JSON.
    """

    def __init__(self, kind: type[BaseSettings], given: Mapping[str, str | None] | None = None) -> None:
        super().__init__(kind)
        if given is not None:
            self.env_vars = self.named_alike(given)

    def __call__(self) -> dict[str, Any]:
        """Return the values by field. Raises `UnusableVariables`, which lists all values that cannot be parsed."""
        self._unusable: dict[str, str] = {}
        values = super().__call__()
        if self._unusable:
            raise UnusableVariables(self._unusable)
        return values

    def prepare_field_value(
        self,
        field_name: str,
        field: FieldInfo,
        value: object,
        value_is_complex: bool,  # noqa: FBT001 - not our signature
    ) -> object:
        """Return the value for pydantic. If it cannot be parsed, record the reason and return None."""
        try:
            return super().prepare_field_value(field_name, field, value, value_is_complex)
        except _Undecodable as error:
            self._unusable[self._name_of(error.value, field_name, field)] = str(error)
            return None

    def decode_complex_value(self, field_name: str, field: FieldInfo | None, value: object) -> object:
        """Return the parsed value of a field that is not a scalar. Raises `_Undecodable`."""
        is_list = field is not None and is_list_of_scalars(field.annotation)
        try:
            decoded = super().decode_complex_value(field_name, field, value)  # type: ignore[arg-type]  # None is given
        except ValueError:
            if not is_list:
                raise _Undecodable("is not valid JSON", value) from None
        else:
            if not is_list or decoded is value or decoded is None or isinstance(decoded, list):
                return decoded
        try:
            return split(value)
        except ValueError as error:
            raise _Undecodable(str(error), value) from None

    def named_alike(self, given: Mapping[str, str | None]) -> dict[str, str | None]:
        """Return the variables by the names under which they are looked up."""
        used = {name: value for name, value in given.items() if value or not self.env_ignore_empty}
        return used if self.case_sensitive else {name.lower(): value for name, value in used.items()}

    def _name_of(self, value: object, field_name: str, field: FieldInfo) -> str:
        """Return the name of the variable with this value: the field's own, or that of a nested field."""
        beginnings = tuple(name.lower() for name in own_names(self.settings_cls, field_name, field))
        named = [name for name, text in self.env_vars.items() if text is value and name.lower().startswith(beginnings)]
        return (named or [field_name])[0].upper()


def is_list_of_scalars(annotation: object) -> bool:
    """Return whether the type is a list that commas can separate: not of models, lists or dictionaries."""
    if get_origin(annotation) in {Annotated, Union, UnionType}:
        return any(map(is_list_of_scalars, get_args(annotation)))
    if (get_origin(annotation) or annotation) not in LISTS:
        return False
    items = [get_origin(item) or item for item in get_args(annotation)]
    return not any(isinstance(item, type) and issubclass(item, (*LISTS, dict, BaseModel)) for item in items)
