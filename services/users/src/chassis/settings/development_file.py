"""`development.env`: values for development, kept in git and ignored in production."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings, DotEnvSettingsSource

from .sources import UnusableVariables, Variables


class DevelopmentFile(Variables):
    """Values from a file, used only in development."""

    def __init__(self, kind: type[BaseSettings], path: Path) -> None:
        super().__init__(kind, {})
        self._path = path

    def __call__(self) -> dict[str, Any]:
        """Return the values by field, or nothing unless another source sets ENVIRONMENT to `development`.

        Raises `UnusableVariables` if the file or a value is invalid.
        """
        default = self.settings_cls.model_fields["environment"].default
        environment = str(self.current_state.get("environment", default)).lower()
        if environment != "development" or not self._path.is_file():
            return {}
        self.env_vars = self._read()
        try:
            return super().__call__()
        except UnusableVariables as error:
            raise self._unusable_here(error.reasons) from None

    def _read(self) -> Mapping[str, str | None]:
        try:
            found = DotEnvSettingsSource(self.settings_cls, env_file=self._path).env_vars
        except OSError as error:
            raise UnusableVariables({str(self._path): f"cannot be read: {error.strerror}"}) from None
        except UnicodeDecodeError:
            raise UnusableVariables({str(self._path): "is not UTF-8"}) from None
        if "environment" in found:
            raise self._unusable_here({"ENVIRONMENT": "must be set in the environment instead"})
        return found

    def _unusable_here(self, reasons: Mapping[str, str]) -> UnusableVariables:
        return UnusableVariables({f"{name} in {self._path.name}": reason for name, reason in reasons.items()})
