"""The migrations of this service can be reverted one by one, and create exactly the tables of the models."""

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
    """Return the previous revision; for a merge, either of the two."""
    below = script.down_revision
    return below or "base" if isinstance(below, str | None) else below[0]


async def upgrade(alembic: Config, revision: str) -> None:
    await asyncio.to_thread(command.upgrade, alembic, revision)  # Alembic starts its own event loop


async def downgrade(alembic: Config, revision: str) -> None:
    await asyncio.to_thread(command.downgrade, alembic, revision)


async def test_each_revision_can_be_applied_reverted_and_reapplied(alembic: Config) -> None:
    """Except for a revision whose `downgrade` raises NotImplementedError."""
    for script in revisions(alembic):
        await upgrade(alembic, script.revision)
        with suppress(NotImplementedError):
            await downgrade(alembic, before(script))
        await upgrade(alembic, script.revision)


async def test_reverting_all_revisions_leaves_no_tables(alembic: Config, empty_connection: asyncpg.Connection) -> None:
    await upgrade(alembic, "head")
    assert await empty_connection.fetch(TABLES) or not revisions(alembic)
    with suppress(NotImplementedError):
        await downgrade(alembic, "base")
        assert not await empty_connection.fetch(TABLES)


async def test_migrations_match_the_models(alembic: Config) -> None:
    await upgrade(alembic, "head")
    await asyncio.to_thread(command.check, alembic)


def test_there_is_at_most_one_head(alembic: Config) -> None:
    """Two branches that each added a revision cause two: `alembic merge heads` joins them."""
    assert len(ScriptDirectory.from_config(alembic).get_heads()) == min(len(revisions(alembic)), 1)
