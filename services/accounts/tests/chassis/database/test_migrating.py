"""Pending migrations run one by one, under one lock, on databases that are in use."""

import asyncio
import logging
from pathlib import Path

import asyncpg
import pytest
from alembic import command
from sqlalchemy.exc import DBAPIError

from chassis.database import migrations
from chassis.database.migrations import UnusableMigrations

from ..sample_service.settings import Settings
from .migration_scripts import MigrationScripts


@pytest.fixture
def scripts(tmp_path: Path, settings: Settings, empty_database: str) -> MigrationScripts:
    return MigrationScripts(tmp_path, settings.model_copy(update={"postgres_db": empty_database}))


async def migrate(scripts: MigrationScripts) -> None:
    """Migrate as the command `migrate` does."""
    await asyncio.to_thread(migrations.upgrade, scripts.settings, scripts.config)


@pytest.fixture
async def in_use(scripts: MigrationScripts, empty_connection: asyncpg.Connection) -> MigrationScripts:
    """Return the migrations of a database with a table, an enum and rows."""
    scripts.sql("1", None, "CREATE TYPE status AS ENUM ('new')", "CREATE TABLE things (id int, status status NOT NULL)")
    await migrate(scripts)
    await empty_connection.execute("INSERT INTO things SELECT n, 'new' FROM generate_series(1, 100) n")
    return scripts


async def revision(connection: asyncpg.Connection) -> str:
    return str(await connection.fetchval("SELECT version_num FROM alembic_version"))


async def test_a_migration_can_use_an_enum_value_that_the_previous_one_added(
    in_use: MigrationScripts, empty_connection: asyncpg.Connection
) -> None:
    in_use.sql("2", "1", "ALTER TYPE status ADD VALUE 'done'")
    in_use.sql("3", "2", "UPDATE things SET status = 'done'", "ALTER TABLE things ALTER status SET DEFAULT 'done'")
    await migrate(in_use)
    assert await empty_connection.fetchval("SELECT count(*) FROM things WHERE status = 'done'") == 100
    assert await revision(empty_connection) == "3"


async def test_keeps_earlier_migrations_if_one_fails_and_reports_it(
    in_use: MigrationScripts, empty_connection: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    in_use.sql("2", "1", "ALTER TABLE things ADD COLUMN size int")
    in_use.sql("3", "2", "UPDATE things SET size = id", "ALTER TABLE things ADD PRIMARY KEY (status)")
    in_use.sql("4", "3", "DROP TABLE things")
    with pytest.raises(DBAPIError):
        await migrate(in_use)
    assert await revision(empty_connection) == "2"
    assert await empty_connection.fetchval("SELECT count(*) FROM things WHERE size IS NULL") == 100
    [line] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert line.getMessage() == "a migration failed; the schema is at 2"


async def test_ignores_timeouts_of_the_database_or_the_role(
    scripts: MigrationScripts, empty_database: str, empty_connection: asyncpg.Connection
) -> None:
    """Services behind PgBouncer set them there, because PgBouncer drops those of a connection."""
    await empty_connection.execute(f'ALTER DATABASE "{empty_database}" SET statement_timeout = 100')
    scripts.sql("1", None, "SELECT pg_sleep(0.3)")
    await migrate(scripts)
    assert await revision(empty_connection) == "1"


async def test_holds_the_advisory_lock_during_all_migrations(
    in_use: MigrationScripts, empty_connection: asyncpg.Connection
) -> None:
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()"
    in_use.sql("2", "1", f"CREATE TABLE in_the_first AS {held}")
    in_use.sql("3", "2", f"CREATE TABLE in_the_second AS {held}")
    await migrate(in_use)
    assert await empty_connection.fetchval("SELECT count FROM in_the_first") == 1
    assert await empty_connection.fetchval("SELECT count FROM in_the_second") == 1
    assert await empty_connection.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0


async def test_builds_an_index_concurrently_with_writes(
    in_use: MigrationScripts, empty_connection: asyncpg.Connection
) -> None:
    create = 'op.create_index("ix_things_id", "things", ["id"], postgresql_concurrently=True)'
    in_use.sql("2", "1", "ALTER TABLE things ADD COLUMN size int")
    in_use.add("3", "2", f"with op.get_context().autocommit_block():\n        {create}")
    in_use.sql("4", "3", "ALTER TABLE things ADD COLUMN colour text")
    await migrate(in_use)
    assert await empty_connection.fetchval(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_things_id'::regclass"
    )
    assert await revision(empty_connection) == "4"


async def test_refuses_two_heads_before_migrating(
    in_use: MigrationScripts, empty_connection: asyncpg.Connection
) -> None:
    in_use.sql("2", "1", "DROP TABLE things")
    in_use.sql("3", "1", "DROP TABLE things")
    with pytest.raises(
        UnusableMigrations, match="There are 2 newest migrations, 2 and 3; merge them with `alembic merge"
    ):
        await migrate(in_use)
    assert await revision(empty_connection) == "1"


@pytest.mark.filterwarnings("ignore:Revision .* is not present")
async def test_refuses_a_migration_whose_predecessor_is_missing(in_use: MigrationScripts) -> None:
    in_use.sql("3", "2", "DROP TABLE things")
    with pytest.raises(UnusableMigrations, match="no valid order: '2' has no file, but another one follows it"):
        await migrate(in_use)


async def test_leaves_the_schema_of_a_newer_release_unchanged(
    in_use: MigrationScripts, empty_connection: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """So that you can roll back to an older release, which runs its `migrate` before it starts."""
    caplog.set_level(logging.INFO)
    await empty_connection.execute("UPDATE alembic_version SET version_num = 'newer'")
    await migrate(in_use)
    assert await revision(empty_connection) == "newer"
    assert "the schema is at newer, from a newer release; nothing to do" in caplog.messages


async def test_prints_a_transaction_for_each_migration_in_offline_mode(
    in_use: MigrationScripts, capsys: pytest.CaptureFixture[str]
) -> None:
    in_use.sql("2", "1", "ALTER TYPE status ADD VALUE 'done'")
    await in_use.run(command.upgrade, "head", sql=True)
    assert capsys.readouterr().out.count("COMMIT;") == 2
