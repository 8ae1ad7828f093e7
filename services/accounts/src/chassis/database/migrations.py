"""Alembic, driven from code: bring the schema to head, and tell whether it is there."""

import asyncio
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.settings import ChassisSettings

if TYPE_CHECKING:
    from alembic.config import Config

# Alembic takes a quarter of a second to import, which a start need not wait for.

SETTINGS: Final = "settings"
"""The attribute of Alembic's configuration in which `migrations/env.py` finds settings that were read already."""

SERVICE_FOLDER: Final = Path(__file__).parents[3]
_CURRENT_REVISION: Final = text("SELECT version_num FROM alembic_version")


class UnusableMigrations(Exception):
    """The files in `migrations/versions` are not one line of revisions; says what is wrong."""


def upgrade(settings: ChassisSettings, config: "Config | None" = None) -> None:
    """Run all outstanding migrations; `migrations/env.py` takes the lock that makes this safe for many at once.

    A schema that is newer than this code stays as it is. Raises `UnusableMigrations` before anything has happened.
    """
    from alembic import command  # noqa: PLC0415

    config = config or alembic_config()
    revisions_of(config)
    config.attributes[SETTINGS] = settings
    command.upgrade(config, "head")


def alembic_config() -> "Config":
    """The configuration that `alembic` on the command line reads too."""
    from alembic.config import Config  # noqa: PLC0415

    return Config(toml_file=SERVICE_FOLDER / "pyproject.toml")


@cache
def known_revisions() -> tuple[str | None, frozenset[str]]:
    """The newest revision that this code has, if any, and all of them; raises `UnusableMigrations`."""
    return revisions_of(alembic_config())


def revisions_of(config: "Config") -> tuple[str | None, frozenset[str]]:
    """As `known_revisions`, for another configuration."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    scripts = ScriptDirectory.from_config(config)
    try:
        heads = scripts.get_heads()
        known = frozenset(script.revision for script in scripts.walk_revisions())
    except (CommandError, KeyError) as error:  # KeyError of a revision that another one names
        raise UnusableMigrations(f"The migrations cannot be put in order: {error}.") from None
    if len(heads) > 1:
        joined = "`alembic merge heads -m …` joins them"
        raise UnusableMigrations(f"There are {len(heads)} newest migrations, {' and '.join(sorted(heads))}; {joined}.")
    return (heads[0] if heads else None), known


async def is_at_head(connection: AsyncConnection) -> bool:
    """Whether the schema is at least as new as this code; raises `UnusableMigrations`.

    A revision that the code does not know was made by a newer release: during a rolling update the old replicas keep
    serving (https://martinfowler.com/bliki/ParallelChange.html).
    """
    head, known = await asyncio.to_thread(known_revisions)
    if head is None:  # a service without tables
        return True
    revisions = (await connection.execute(_CURRENT_REVISION)).scalars().all()
    return bool(revisions) and all(revision == head or revision not in known for revision in revisions)
