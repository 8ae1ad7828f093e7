"""Secret files as containers mount them: one per value, named like its variable in lower case."""

import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings

from .sources import UnusableVariables, Variables
from .variables import unknown_names

Folders = str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None


class _UnusableFile(Exception):
    pass


class SecretFiles(Variables):
    """Values from the files in these folders. If several have the same file, the last folder wins."""

    def __init__(self, kind: type[BaseSettings], folders: Folders) -> None:
        super().__init__(kind, {})
        self._folders = folders

    def __call__(self) -> dict[str, Any]:
        """Return the values by field. Raises `UnusableVariables`, which lists all unreadable files."""
        self.env_vars = self.named_alike(self._read())
        return super().__call__()

    def _read(self) -> dict[str, str]:
        """Return the contents of the files that belong to a setting, without the final line break."""
        values, reasons = {}, {}
        paths = list(_files(self._folders))
        strange = set(unknown_names(self.settings_cls, (path.name for path in paths)))
        for path in paths:
            if path.name in strange:
                continue
            try:
                values[path.name] = _text(path)
            except _UnusableFile as error:
                reasons[path.name.upper()] = f"{path} {error}"
        if reasons:
            raise UnusableVariables(reasons)
        return values


def _files(folders: Folders) -> Iterator[Path]:
    several = [folders] if isinstance(folders, str | os.PathLike) else folders or []
    for folder in map(Path, several):
        try:
            yield from sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        except FileNotFoundError:
            warnings.warn(f'directory "{folder}" does not exist', stacklevel=2)  # as pydantic-settings does
        except OSError as error:
            raise UnusableVariables({str(folder): f"cannot be read: {error.strerror}"}) from None


def _text(path: Path) -> str:
    if path.exists() and not path.is_file():  # Docker creates a folder if the source of a mount is missing
        raise _UnusableFile("is a folder, not a file" if path.is_dir() else "is not a file")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise _UnusableFile(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _UnusableFile("is not UTF-8") from None
    if "\0" in text:
        raise _UnusableFile("contains a NUL character, so it is not UTF-8 text")
    return text.rstrip("\r\n")
