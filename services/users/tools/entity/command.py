"""Create an entity in every layer, with its migration and tests, and add it to the composition root.

With --delete, remove all of that again, unless you have edited it.
"""

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from entity import fields
from entity.composition import with_entity, without_entity
from entity.names import Names, Refused, names_of
from entity.service import VERSIONS, Migration, authenticates, migrations, newest_revision, package, text_of
from entity.sources import rendered, shared, shared_by_none, tidy
from invocation import command

EXAMPLE = "review --field text:str:500 --field order_id:ref:order --field stars:int --filter stars"


def make(options: argparse.Namespace) -> None:
    """Write an entity's files and add it to main.py; raises `Refused` without changing anything."""
    names = names_of(options.entity, options.plural)
    migration = Migration(
        path=VERSIONS / f"{datetime.now(UTC):%Y%m%d_%H%M}_create_{names.entity_plural}.py",
        revision=uuid4().hex[-12:],
        down_revision=newest_revision(),
        recipe=_recipe(options, names),
    )
    variables = _variables(options, names, migration)
    files = rendered(variables, migration.path)
    if taken := [path for path in files if path.exists()]:
        raise Refused(f"These files exist already. Choose another name:\n{_lines(taken)}")
    main = package() / "main.py"
    new_main = tidy(main, with_entity(text_of(main), names))
    files |= shared(variables)
    _write(files)
    main.write_text(new_main, encoding="utf-8")
    print(f"Created:\n{_lines(files)}\nAdded to {main}.")
    print(f"To remove it again, unless you edit it: `{command('entity')} {names.entity} --delete`.")


def delete(entity: str) -> None:
    """Remove an unedited entity; raises `Refused` without changing anything."""
    every = migrations()
    made = [each for each in every if each.recipe.split(" ")[0] == entity]
    if not made:
        raise Refused(f"No migration says that this command created {entity}.")
    [migration, *_] = made
    if later := [each.path for each in every if migration.revision in each.down_revision.split(" ")]:
        raise Refused(f"There are later migrations. Delete these first:\n{_lines(later)}")
    options = _parser().parse_args(shlex.split(migration.recipe))
    names = names_of(options.entity, options.plural)
    variables = _variables(options, names, migration)
    files = rendered(variables, migration.path)
    main = package() / "main.py"
    before = text_of(main)
    after = tidy(main, without_entity(before, names))
    edited = [path for path, text in files.items() if not _is(path, text)]
    if not _is_undone(main, before, after, names):
        edited.append(main)
    if edited:
        raise Refused(
            f"These files were edited, or created by another version of this command. Delete by hand:\n{_lines(edited)}"
        )
    for path in files:
        path.unlink()
    for path in (unneeded := shared_by_none(variables)):
        path.unlink()
    main.write_text(after, encoding="utf-8")
    print(f"Deleted:\n{_lines([*files, *unneeded])}\nRemoved from {main}.")
    print(
        "A database that has already run the migration keeps the table, and no new migration can be written. "
        f'Undo it there, too:\n  {command("psql")} -c "DROP TABLE {names.entity_plural}; {_back(migration)}"'
    )


def _back(migration: Migration) -> str:
    """Return the SQL that records the previous migration as the newest one, if there is one."""
    if migration.down_revision:
        return f"UPDATE alembic_version SET version_num = '{migration.down_revision}'"  # noqa: S608 - only printed
    return "DELETE FROM alembic_version"


def _variables(options: argparse.Namespace, names: Names, migration: Migration) -> dict[str, Any]:
    given = [fields.field_of(each) for each in options.field]
    return {
        "package": package().name,
        **names.variables,
        "fields": fields.variables(given, options.filter, names),
        "authenticates": authenticates(),
        "recipe": migration.recipe,
        "revision": migration.revision,
        "down_revision": migration.down_revision,
    }


def _write(files: Mapping[Path, str]) -> None:
    """Write new files: all, or none if that fails or is interrupted."""
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except BaseException:
        for path in files:
            with suppress(OSError):
                path.unlink()
        raise


def _recipe(options: argparse.Namespace, names: Names) -> str:
    arguments = [names.entity, "--plural", names.entity_plural]
    for option, values in (("--field", options.field), ("--filter", options.filter)):
        arguments += [part for value in values for part in (option, value)]
    return " ".join(arguments)


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8", errors="replace") == text


def _is_undone(main: Path, before: str, after: str, names: Names) -> bool:
    """Whether main.py has exactly what this command adds for the entity."""
    try:
        return tidy(main, with_entity(after, names)) == before
    except Refused:
        return False


def _lines(paths: Mapping[Path, str] | Sequence[Path]) -> str:
    return "\n".join(f"  {path}" for path in paths)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=command("entity"),
        description=__doc__,
        epilog=f"For example:\n  {command('entity')} {EXAMPLE}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("entity", help="singular, in snake_case, such as order_line")
    parser.add_argument("--plural", help="for the table, the modules and the path; default: the regular plural")
    parser.add_argument("--field", action="append", default=[], metavar="name:kind", help=fields.FORM)
    parser.add_argument(
        "--filter", action="append", default=[], metavar="name", help="a field that a list is filtered by"
    )
    parser.add_argument(
        "--delete", action="store_true", help="remove the files and changes of an entity that you have not edited"
    )
    return parser


def main() -> int:
    """Create or delete an entity; return 1 after printing why if that is impossible."""
    options = _parser().parse_args()
    try:
        if options.delete:
            delete(options.entity)
        else:
            make(options)
    except (Refused, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted. `git status` shows what was written.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
