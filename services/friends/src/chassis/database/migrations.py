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


def upgrade(settings: ChassisSettings) -> None:
    """Run all outstanding migrations; `migrations/env.py` takes the lock that makes this safe for many at once."""
    from alembic import command  # noqa: PLC0415

    config = alembic_config()
    config.attributes[SETTINGS] = settings
    command.upgrade(config, "head")


def alembic_config() -> "Config":
    """The configuration that `alembic` on the command line reads too."""
    from alembic.config import Config  # noqa: PLC0415

    return Config(toml_file=SERVICE_FOLDER / "pyproject.toml")


@cache
def known_revisions() -> tuple[str | None, frozenset[str]]:
    """The newest revision that this code has, and all of them."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    scripts = ScriptDirectory.from_config(alembic_config())
    return scripts.get_current_head(), frozenset(script.revision for script in scripts.walk_revisions())


async def is_at_head(connection: AsyncConnection) -> bool:
    """Whether the schema is at least as new as this code.

    A revision that the code does not know was made by a newer release: during a rolling update the old replicas keep
    serving (https://martinfowler.com/bliki/ParallelChange.html).
    """
    head, known = await asyncio.to_thread(known_revisions)
    revisions = (await connection.execute(_CURRENT_REVISION)).scalars().all()
    return bool(revisions) and all(revision == head or revision not in known for revision in revisions)
