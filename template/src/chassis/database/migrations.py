"""Run Alembic from code: upgrade the schema to head, and check whether it is there."""

import asyncio
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.settings import ChassisSettings

if TYPE_CHECKING:
    from alembic.config import Config

# Importing Alembic takes a quarter of a second, so it is imported only where needed.

SETTINGS: Final = "settings"
"""Attribute of Alembic's configuration with the loaded settings, for `migrations/env.py`."""

SERVICE_FOLDER: Final = Path(__file__).parents[3]
_CURRENT_REVISION: Final = text("SELECT version_num FROM alembic_version")


class UnusableMigrations(Exception):
    """The files in `migrations/versions` are not a single line of revisions."""


def upgrade(settings: ChassisSettings, config: "Config | None" = None) -> None:
    """Run all pending migrations. Safe for concurrent calls: `migrations/env.py` takes a lock.

    A schema newer than this code stays unchanged. Raises `UnusableMigrations` before any change.
    """
    from alembic import command  # noqa: PLC0415

    config = config or alembic_config()
    revisions_of(config)
    config.attributes[SETTINGS] = settings
    command.upgrade(config, "head")


def alembic_config() -> "Config":
    """Return the configuration that the `alembic` command also reads."""
    from alembic.config import Config  # noqa: PLC0415

    return Config(toml_file=SERVICE_FOLDER / "pyproject.toml")


@cache
def known_revisions() -> tuple[str | None, frozenset[str]]:
    """Return the newest revision in this code, if any, and all of them. Raises `UnusableMigrations`."""
    return revisions_of(alembic_config())


def revisions_of(config: "Config") -> tuple[str | None, frozenset[str]]:
    """Return `known_revisions` for another configuration."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    scripts = ScriptDirectory.from_config(config)
    try:
        heads = scripts.get_heads()
        known = frozenset(script.revision for script in scripts.walk_revisions())
    except (CommandError, KeyError) as error:
        what = f"{error} has no file, but another one follows it" if isinstance(error, KeyError) else error
        raise UnusableMigrations(f"The migrations have no valid order: {what}.") from None
    if len(heads) > 1:
        joined = "merge them with `alembic merge heads -m …`"
        raise UnusableMigrations(f"There are {len(heads)} newest migrations, {' and '.join(sorted(heads))}; {joined}.")
    return (heads[0] if heads else None), known


async def is_at_head(connection: AsyncConnection) -> bool:
    """Return whether the schema is at least as new as this code. Raises `UnusableMigrations`.

    An unknown revision is from a newer release: during a rolling update, old replicas keep serving
    (https://martinfowler.com/bliki/ParallelChange.html).
    """
    head, known = await asyncio.to_thread(known_revisions)
    if head is None:  # a service without tables
        return True
    revisions = (await connection.execute(_CURRENT_REVISION)).scalars().all()
    return bool(revisions) and all(revision == head or revision not in known for revision in revisions)
