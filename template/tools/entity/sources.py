"""The files of an entity, rendered and formatted."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined

# In the template's repository, the files are below template/, and Copier includes them by that name.
TEMPLATE: Final = "template"
FILES: Final = "tools/entity/files"
_ROOT: Final = Path(__file__).parents[2]

OF_EACH: Final = {
    "core_entities": "src/{package}/core/entities/{plural}.py",
    "core_repositories": "src/{package}/core/repositories/{plural}.py",
    "core_services": "src/{package}/core/services/{plural}.py",
    "infrastructure_database": "src/{package}/infrastructure/database/{plural}.py",
    "api": "src/{package}/api/{plural}.py",
    "tests_core_entities": "tests/core/entities/test_{plural}.py",
    "tests_core_repositories": "tests/core/repositories/{plural}.py",
    "tests_core_memory": "tests/core/repositories/test_{plural}.py",
    "tests_core_services": "tests/core/services/test_{plural}.py",
    "tests_infrastructure_rows": "tests/infrastructure/database/{plural}.py",
    "tests_infrastructure_database": "tests/infrastructure/database/test_{plural}.py",
    "tests_api": "tests/api/test_{plural}.py",
}
OF_ALL: Final = {
    "shared/pages": "src/{package}/core/entities/pages.py",
    "shared/text": "src/{package}/core/entities/text.py",
    "shared/unit_of_work": "src/{package}/core/repositories/unit_of_work.py",
    "shared/tests_unit_of_work": "tests/core/repositories/unit_of_work.py",
}
"""Return the files that all entities share, which come with the first entity."""
OF_LINES: Final = {
    "shared/lines": "src/{package}/core/entities/lines.py",
    "shared/tests_lines": "tests/core/entities/test_lines.py",
}
"""The files shared by all entities with multi-line texts."""
PACKAGES: Final = (
    "src/{package}/core/entities",
    "src/{package}/core/repositories",
    "src/{package}/core/services",
    "src/{package}/infrastructure/database",
)
MIGRATION: Final = "migration"


def rendered(variables: Mapping[str, Any], migration: Path) -> dict[Path, str]:
    """Return the files of an entity by their paths in the service."""
    files = {_path(path, variables): _render(name, variables) for name, path in OF_EACH.items()}
    files[migration] = _render(MIGRATION, variables)
    return {path: tidy(path, text) for path, text in files.items()}


def shared(variables: Mapping[str, Any]) -> dict[Path, str]:
    """Return further files that the entity needs and the service lacks."""
    needed = OF_ALL | OF_LINES if any(field["lines"] for field in variables["fields"]) else OF_ALL
    files = {_path(path, variables): name for name, path in needed.items()}
    missing = {path: _render(name, variables) for path, name in files.items() if not path.exists()}
    packages = (Path(_path(folder, variables), "__init__.py") for folder in PACKAGES)
    return missing | {path: "" for path in packages if not path.exists()}


def shared_by_none(variables: Mapping[str, Any]) -> list[Path]:
    """Return the unedited files for multi-line texts, if no entity has such a text any more."""
    files = {_path(path, variables): _render(name, variables) for name, path in OF_LINES.items()}
    entities = _path(PACKAGES[0], variables).glob("*.py")
    if any("from .lines import" in path.read_text(encoding="utf-8", errors="replace") for path in entities):
        return []
    return [path for path, text in files.items() if path.exists() and path.read_text(encoding="utf-8") == text]


def tidy(path: Path, text: str) -> str:
    """Sort the imports of a file, remove unused ones, and format it."""
    fix = ["check", "--fix-only", "--exit-zero", "--quiet", "--select=I,F401", f"--stdin-filename={path}", "-"]
    return _ruff(_ruff(text, *fix), "format", f"--stdin-filename={path}", "-")


def _ruff(text: str, *arguments: str) -> str:
    command = [sys.executable, "-m", "ruff", *arguments]
    return subprocess.run(command, check=True, input=text, stdout=subprocess.PIPE, encoding="utf-8").stdout


def _path(pattern: str, variables: Mapping[str, Any]) -> Path:
    return Path(pattern.format(package=variables["package"], plural=variables["entity_plural"]))


def _render(name: str, variables: Mapping[str, Any]) -> str:
    environment = Environment(  # noqa: S701 - it renders Python, not HTML
        loader=PrefixLoader({TEMPLATE: FileSystemLoader(_ROOT)}), undefined=StrictUndefined, keep_trailing_newline=True
    )
    return environment.get_template(f"{TEMPLATE}/{FILES}/{name}.py.j2").render(**variables)
