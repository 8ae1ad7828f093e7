"""Migrating the schema to head, and checking whether it is there."""

import asyncio
import json

import asyncpg
import pytest

from chassis.database import migrations
from chassis.process.commands import COMMANDS

from ..database_calls import changed
from ..sample_service.settings import Settings


async def is_at_head(settings: Settings, name: str) -> bool:
    async with changed(settings, postgres_db=name) as database, database.spare() as connection:
        return await migrations.is_at_head(connection)


async def test_migrates_the_configured_database(settings: Settings, empty_database: str) -> None:
    await asyncio.to_thread(migrations.upgrade, settings.model_copy(update={"postgres_db": empty_database}))
    assert await is_at_head(settings, empty_database)


@pytest.mark.parametrize(
    ("revisions", "at_head"),
    [(["new"], True), (["of a newer release"], True), (["old"], False), (["old", "new"], False), ([], False)],
    ids=str,
)
async def test_is_at_head_unless_a_known_revision_is_missing(
    settings: Settings,
    empty_connection: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    revisions: list[str],
    at_head: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setattr(migrations, "known_revisions", lambda: ("new", frozenset({"old", "new"})))
    await empty_connection.execute("CREATE TABLE alembic_version (version_num varchar(32))")
    await empty_connection.executemany("INSERT INTO alembic_version VALUES ($1)", [(each,) for each in revisions])
    name = await empty_connection.fetchval("SELECT current_database()")
    assert await is_at_head(settings, name) is at_head


async def test_is_at_head_without_migrations(
    settings: Settings, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "known_revisions", lambda: (None, frozenset()))
    assert await is_at_head(settings, empty_database)


def test_reports_unordered_migrations_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def diverged(_: object) -> None:
        raise migrations.UnusableMigrations("There are 2 newest migrations.")

    monkeypatch.setattr(migrations, "revisions_of", diverged)
    assert COMMANDS["migrate"](__name__.partition(".database")[0] + ".sample_service") == 1
    [line] = map(json.loads, capfd.readouterr().out.splitlines())
    assert line["message"] == "cannot migrate: There are 2 newest migrations."
    assert "exception.type" not in line
