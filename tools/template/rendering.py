"""The template as it is in the working tree, uncommitted changes included."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from copier import run_copy
from pathspec import PathSpec
from plumbum import local

from layout import ANSWERS, ROOT, git, listed

SOURCES = ("copier.yml", "template")
DOCUMENTS = "../../"  # from the folder of a service to docs/


@cache
def questionnaire() -> dict[str, Any]:
    """Return the whole of copier.yml."""
    content: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
    return content


def questions() -> set[str]:
    """Return the names of the questions whose answers are recorded."""
    return {
        name for name, question in questionnaire().items() if name[0] != "_" and question.get("when", True) is not False
    }


def service_files(copier_yml: Mapping[str, Any]) -> list[str]:
    """Return the patterns, in the style of gitignore, of the files that are the service's own."""
    return [pattern for pattern in copier_yml["_skip_if_exists"] if pattern[0] == "/"]


@cache
def _service_files() -> PathSpec[Any]:
    return PathSpec.from_lines("gitignore", service_files(questionnaire()))


def belongs_to_service(path: Path) -> bool:
    """Return whether a file, relative to the service's folder, is the service's own and not the template's."""
    return _service_files().match_file(path)


@cache
def plain_copy() -> Path:
    """Return a folder that contains only the template: Copier uses it without git."""
    folder = _temporary_folder()
    for path in listed(ROOT, *SOURCES):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, folder / path)
    return folder


def forget_hook() -> None:
    """Remove git's variables for hooks from the environment, because Copier would use them for the template."""
    for name in git("rev-parse", "--local-env-vars", folder=ROOT).split():
        os.environ.pop(name, None)
        if name in local.env:  # Copier's own, a copy that plumbum has made
            del local.env[name]


def _temporary_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="allium-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def commit() -> str | None:
    """Return the last commit of the template as Copier records it, or None if there is none."""
    last = git("log", "-1", "--format=%H", "--", *SOURCES, folder=ROOT).strip()
    return git("describe", "--tags", "--always", last, folder=ROOT).strip() if last else None


def render(service: Path, answers: Mapping[str, Any], *, seed: bool, source: Path | None = None) -> None:
    """Render the template (or the one in the folder `source`) into `service`, with the service's own files if `seed`.

    Raises `ValueError` for an invalid answer. The answers file is as `copier copy .` in the root writes it.
    """
    given = {name: answer for name, answer in answers.items() if name[0] != "_"}
    parts = _parts(source or plain_copy())
    run_copy(
        str(parts.rendered),
        service,
        data={**given, "seed": seed, "documents": DOCUMENTS},
        defaults=True,
        overwrite=True,
        quiet=True,
    )
    for path in parts.copied:
        if seed or not belongs_to_service(path):
            (service / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(parts.files / path, service / path)
    _anchor(service / ANSWERS)


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """A template in two parts: most files are plain and copied, which takes a third of Copier's time."""

    rendered: Path
    """A template with the files that need Copier."""
    files: Path
    copied: list[Path]
    """Relative to `files`."""


@cache
def _parts(source: Path) -> _Parts:
    files = source / "template"
    paths = {path for path in files.rglob("*") if path.is_file() and path.parent.name != "__pycache__"}
    needs_copier = {path for path in paths if "{" in str(path.relative_to(files)) or path.suffix in {".jinja", ".j2"}}
    rendered = _temporary_folder()
    for path in (source / "copier.yml", *needs_copier):
        (rendered / path.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, rendered / path.relative_to(source))
    return _Parts(
        rendered=rendered, files=files, copied=sorted(path.relative_to(files) for path in paths - needs_copier)
    )


def _anchor(file: Path) -> None:
    """Record this repository and its last commit in the answers, instead of the plain copy."""
    at = commit()
    # Dumped as YAML, because a commit of digits only would be read as a number, which Copier refuses.
    source = yaml.safe_dump({"_commit": at, "_src_path": "."} if at else {"_src_path": "."}, sort_keys=False)
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(source if line.startswith("_src_path:") else line for line in lines), encoding="utf-8")
