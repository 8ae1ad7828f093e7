"""The manifest owned.txt: which files the template owns, and their digests as rendered.

Its first line is the SHA-256 of the others. These are `answers` and the SHA-256 of the answers, `own` and a pattern of
the service's own files, or mode, SHA-256 and path of an owned file.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

ANSWERS = ".copier-answers.yml"
MANIFEST = "tools/updates/owned.txt"
State = tuple[str, str]
"""Mode, 755 or 644, and SHA-256 of the content."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The content of owned.txt."""

    files: Mapping[str, State]
    """By path; without the answers and the manifest itself."""
    answers: str
    own: tuple[str, ...]

    def belongs_to_service(self, path: str) -> bool:
        """Return whether a file is the service's own."""
        return any(fnmatchcase(path, f"{pattern[1:]}{below}") for pattern in self.own for below in ("", "/*"))


def in_the_way(folder: Path, path: str) -> str | None:
    """Return the outermost obstacle to a plain file at a path: a folder, or a parent that is not a folder."""
    for parent in reversed(Path(path).parents[:-1]):
        if (folder / parent).is_symlink() or (folder / parent).is_file():
            return parent.as_posix()
    file = folder / path
    return path if file.is_dir() and not file.is_symlink() else None


def state(folder: Path, path: str) -> State | None:
    """Return the state of a plain file; None if it is missing or a link."""
    file = folder / path
    if file.is_symlink() or not file.is_file() or in_the_way(folder, path):
        return None
    return "755" if file.stat().st_mode & 0o100 else "644", hashlib.sha256(file.read_bytes()).hexdigest()


def states(folder: Path) -> dict[str, State]:
    """Return the state of every file below a folder, by its path in it."""
    paths = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*"))]
    return {path: found for path in paths if (found := state(folder, path))}


def read(folder: Path) -> Manifest:
    """Return the manifest of a service; raises `ValueError` if it is missing or edited."""
    try:
        head, _, content = (folder / MANIFEST).read_text(encoding="utf-8").partition("\n")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ValueError("is missing") from error
    except UnicodeDecodeError as error:
        raise ValueError("is edited") from error
    if head != hashlib.sha256(content.encode()).hexdigest():
        raise ValueError("is edited")
    lines = [line.split(" ", 2) for line in content.splitlines()]
    return Manifest(
        files={line[2]: (line[0], line[1]) for line in lines if line[0].isdigit()},
        answers=next(line[1] for line in lines if line[0] == "answers"),
        own=tuple(line[1] for line in lines if line[0] == "own"),
    )


def listed(folder: Path) -> set[Path]:
    """Return the paths in the manifest of a service, even if it was edited or merged; none if it is missing."""
    file = folder / MANIFEST
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    lines = [line.split(" ", 2) for line in text.splitlines()]
    return {Path(line[2]) for line in lines if len(line) == 3 and line[0].isdigit()}  # noqa: PLR2004 - as above


def answers(folder: Path) -> dict[str, Any]:
    """Return the recorded answers of a service, with `_commit` and `_src_path`; a bad file raises `ValueError`."""
    try:
        recorded = yaml.safe_load((folder / ANSWERS).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError("is missing") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"is not YAML: {error}") from error
    if not isinstance(recorded, dict):
        raise ValueError("holds no answers")  # noqa: TRY004 - the value of a file, not of an argument
    return recorded


def digest(recorded: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the answers, without `_commit` and `_src_path`."""
    lines = [json.dumps([name, recorded[name]]) + "\n" for name in sorted(recorded) if name[0] != "_"]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
