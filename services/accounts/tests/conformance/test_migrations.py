"""The migrations of this service can be undone one by one, and lead to exactly the tables that the models describe."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory

from chassis.database.migrations import alembic_config

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename != 'alembic_version'"


@pytest.fixture
def alembic(postgres: dict[str, str], empty_database: str, monkeypatch: pytest.MonkeyPatch) -> Config:
    for name, value in {**postgres, "POSTGRES_DB": empty_database}.items():
        monkeypatch.setenv(name, value)
    return alembic_config()


def revisions(alembic: Config) -> list[Script]:
    return list(reversed(list(ScriptDirectory.from_config(alembic).walk_revisions())))


def before(script: Script) -> str:
    """The revision below; of the two that a merge joins either leads there."""
    below = script.down_revision
    return below or "base" if isinstance(below, str | None) else below[0]


async def upgrade(alembic: Config, revision: str) -> None:
    await asyncio.to_thread(command.upgrade, alembic, revision)  # Alembic has an event loop of its own


async def downgrade(alembic: Config, revision: str) -> None:
    await asyncio.to_thread(command.downgrade, alembic, revision)


async def test_each_revision_goes_up_and_down_and_up_again(alembic: Config) -> None:
    """Unless it says that it cannot: its `downgrade` raises NotImplementedError, and then stays where it is."""
    for script in revisions(alembic):
        await upgrade(alembic, script.revision)
        with suppress(NotImplementedError):
            await downgrade(alembic, before(script))
        await upgrade(alembic, script.revision)


async def test_undoing_all_revisions_leaves_no_table(alembic: Config, empty_connection: asyncpg.Connection) -> None:
    await upgrade(alembic, "head")
    assert await empty_connection.fetch(TABLES) or not revisions(alembic)
    with suppress(NotImplementedError):
        await downgrade(alembic, "base")
        assert not await empty_connection.fetch(TABLES)


async def test_models_and_migrations_agree(alembic: Config) -> None:
    await upgrade(alembic, "head")
    await asyncio.to_thread(command.check, alembic)


def test_there_is_one_newest_revision(alembic: Config) -> None:
    """Two would mean that two branches each added one: `alembic merge heads` joins them. There may be none yet."""
    assert len(ScriptDirectory.from_config(alembic).get_heads()) == min(len(revisions(alembic)), 1)
