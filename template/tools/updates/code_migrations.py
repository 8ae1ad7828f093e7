"""Apply the code migrations (recipes) of the template to the service's own code.

Each recipe runs once; .code-migrations lists those that ran. What a recipe cannot change is printed with file and line.
"""

import argparse
import difflib
import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from dependencies.environment import alone
from failures import SystemFailure
from invocation import command
from updates import recipes
from updates.own_code import Left, OwnCode, tidy

RECORD = Path(".code-migrations")
HEAD = "# Which recipes for its own code this service has; `nox -s migrate-code` writes it.\n"
NOTHING = "The service's own code needs no changes."


@dataclass(frozen=True)
class Recipe:
    """A module of `recipes`: `change`, and `left`, which returns what remains to do by hand."""

    name: str
    guide: str
    change: Callable[[OwnCode], None]
    left: Callable[[OwnCode], Iterable[Left]]


def names() -> list[str]:
    """Return the names of all recipes, in the order in which they run."""
    return sorted(module.name for module in pkgutil.iter_modules(recipes.__path__) if module.name[0] == "r")


def pending(service: Path) -> list[str]:
    """Return the recipes that have not run in a service."""
    record = service / RECORD
    done = record.read_text(encoding="utf-8").splitlines() if record.is_file() else []
    return [name for name in names() if name not in done]


def load(name: str) -> Recipe:
    """Import a recipe, which needs LibCST."""
    module = importlib.import_module(f"{recipes.__name__}.{name}")
    return Recipe(name, cast("str", module.GUIDE), module.change, module.left)


def run(code: OwnCode, wanted: Sequence[Recipe]) -> dict[Recipe, list[Left]]:
    """Apply recipes to the code, and return what each leaves to do by hand."""
    before = dict(code.files)
    for recipe in wanted:
        recipe.change(code)
    for path, text in code.files.items():
        if text != before.get(path):
            code.files[path] = tidy(path, text)
    return {recipe: sorted(set(recipe.left(code))) for recipe in wanted}


def difference(path: str, old: str, new: str) -> str:
    """Return the change of a file as a patch."""
    lines = difflib.unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{path}", f"b/{path}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def migrate(service: Path, wanted: Sequence[str]) -> str:
    """Run recipes on a service and return the messages to print; files are written after all have succeeded."""
    code = OwnCode.of(service)
    before = dict(code.files)
    left = run(code, [load(name) for name in wanted])
    changed = {path: text for path, text in code.files.items() if text != before.get(path)}
    for path, text in changed.items():
        (service / path).write_bytes(text.encode())
    (service / RECORD).write_text(HEAD + "".join(f"{name}\n" for name in names()), encoding="utf-8")
    patch = [difference(path, before.get(path, ""), text) for path, text in sorted(changed.items())]
    return "\n".join([*patch, *_told(changed, left, code.unreadable)])


def _told(changed: Iterable[str], left: dict[Recipe, list[Left]], unreadable: list[Left]) -> list[str]:
    paths = sorted(changed)
    said = [f"Changed in the service's own code: {', '.join(paths)}." if paths else NOTHING]
    for recipe, found in left.items():
        if found:
            said += [f"\nTo do by hand; see {recipe.guide} of the template:", *map(_line, found)]
    if any(left.values()):
        said += ["\n`nox -s migrate-code -- --all` lists what is left to do."]
    return [*said, *map(_line, unreadable)]


def _line(found: Left) -> str:
    return f"{found.path}:{found.line}: {found.sentence}"


def main() -> int:
    """Run in the current folder; return 1, after printing why, if that is impossible."""
    parser = argparse.ArgumentParser(prog=command("migrate-code"), description=__doc__, allow_abbrev=False)
    parser.add_argument("--all", action="store_true", help="also repeat the recipes that have run before")
    everything = parser.parse_args().all
    with alone():
        wanted = names() if everything else pending(Path())
        if not wanted:
            return 0
        try:
            print(migrate(Path(), wanted))
        except ModuleNotFoundError as error:
            print(f"{error.name} is missing. Run `nox -s lock`, then this again.", file=sys.stderr)
        except SystemFailure as error:
            print(error, file=sys.stderr)
        except subprocess.CalledProcessError:
            pass  # git or ruff, which printed why
        else:
            return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
