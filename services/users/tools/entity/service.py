"""The service in the current folder: its package, and its migrations."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from entity.names import Refused

VERSIONS: Final = Path("migrations/versions")
MADE_BY: Final = "Made by: nox -s entity -- "


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """One revision."""

    path: Path
    revision: str
    down_revision: str
    """Empty for the first one."""
    recipe: str
    """The arguments that an entity was made with, if it was."""


def package() -> Path:
    """The folder of the service's package; raises `Refused`."""
    found = sorted(Path("src").glob("*_service/main.py"))
    if len(found) != 1:
        raise Refused("This is not the folder of a service: it has no src/*_service/main.py.")
    return found[0].parent


def authenticates() -> bool:
    """Whether its tests run with authentication on: there is an issuer without anybody having set one."""
    settings = (package() / "settings.py").read_text(encoding="utf-8")
    development = Path("development.env")
    values = development.read_text(encoding="utf-8") if development.is_file() else ""
    return bool(re.search(r"(?m)^ +auth_issuer\b", settings) or re.search(r"(?m)^AUTH_ISSUER=", values))


def migrations() -> list[Migration]:
    """All revisions; a merge has several below it, of which any is named."""
    return [_migration(path) for path in sorted(VERSIONS.glob("*.py"))]


def newest_revision() -> str:
    """The newest revision, empty if there is none; raises `Refused` if there are several."""
    every = migrations()
    below = {name for each in every for name in re.findall(r"[\w-]+", each.down_revision)}
    newest = sorted(each.revision for each in every if each.revision not in below)
    if len(newest) > 1:
        raise Refused(f"There are {len(newest)} newest migrations; `alembic merge heads -m …` joins them.")
    return newest[0] if newest else ""


def _migration(path: Path) -> Migration:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    values = {
        ast.unparse(line.targets[0]): ast.literal_eval(line.value)
        for line in tree.body
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) in {"revision", "down_revision"}
    }
    below = values.get("down_revision") or ""
    made = [line for line in (ast.get_docstring(tree) or "").splitlines() if line.startswith(MADE_BY)]
    return Migration(
        path=path,
        revision=values.get("revision", ""),
        down_revision=below if isinstance(below, str) else " ".join(below),
        recipe=made[0].removeprefix(MADE_BY) if made else "",
    )
