"""The service in the current folder: its package, and its migrations."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from entity.names import Refused

VERSIONS: Final = Path("migrations/versions")
MADE_BY: Final = "Made by: nox -s entity -- "


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """A migration."""

    path: Path
    revision: str
    down_revision: str
    """The previous revision; empty for the first one."""
    recipe: str
    """The arguments of `nox -s entity` that created it, if so."""


def package() -> Path:
    """Return the folder of the service's package; raises `Refused`."""
    found = sorted(Path("src").glob("*_service/main.py"))
    if len(found) != 1:
        raise Refused("This folder is not a service: it has no src/*_service/main.py. Change to the folder of one.")
    return found[0].parent


def authenticates() -> bool:
    """Whether its tests run with authentication on, because the settings have a default issuer."""
    settings = text_of(package() / "settings.py")
    development = Path("development.env")
    values = text_of(development) if development.is_file() else ""
    return bool(re.search(r"(?m)^ +auth_issuer\b", settings) or re.search(r"(?m)^AUTH_ISSUER=", values))


def parsed(text: str, path: Path | str) -> ast.Module:
    """Return the syntax tree of a file; raises `Refused` if it is not Python."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise Refused(f"{path} cannot be read as Python: {error}.") from error


def text_of(path: Path) -> str:
    """Return the text of a file; raises `Refused` if it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is not in UTF-8.") from error


def migrations() -> list[Migration]:
    """Return all revisions; of a merge's parents, only one is named. Raises `Refused`."""
    every = (_migration(path) for path in sorted(VERSIONS.glob("*.py")))
    return [each for each in every if each.revision]  # __init__.py and what migrations share are none


def newest_revision() -> str:
    """Return the newest revision, empty if there is none; raises `Refused` if there are several."""
    every = migrations()
    below = {name for each in every for name in re.findall(r"[\w-]+", each.down_revision)}
    newest = sorted(each.revision for each in every if each.revision not in below)
    if len(newest) > 1:
        raise Refused(f"There are {len(newest)} newest migrations; merge them with `alembic merge heads -m …`.")
    return newest[0] if newest else ""


def _migration(path: Path) -> Migration:
    tree = parsed(text_of(path), path)
    try:
        values = {name: ast.literal_eval(value) for line in tree.body for name, value in _revisions(line)}
    except ValueError as error:
        raise Refused(f"{path} computes its revision; write it there as a text.") from error
    below = values.get("down_revision") or ""
    made = [line for line in (ast.get_docstring(tree) or "").splitlines() if line.startswith(MADE_BY)]
    return Migration(
        path=path,
        revision=values.get("revision", ""),
        down_revision=below if isinstance(below, str) else " ".join(below),
        recipe=made[0].removeprefix(MADE_BY) if made else "",
    )


def _revisions(line: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Return the value of a revision variable, annotated or not."""
    match line:
        case ast.Assign(targets=[ast.Name(id="revision" | "down_revision" as name)], value=value):
            yield name, value
        case ast.AnnAssign(target=ast.Name(id="revision" | "down_revision" as name), value=ast.expr() as value):
            yield name, value
