"""How PostgreSQL errors are mapped: each row of the table of SQLSTATEs, by a real error where one can be provoked."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import asyncpg
import pytest
from fastapi import APIRouter
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from chassis.application import build_application
from chassis.database import Database, constraint_errors
from chassis.database.errors import sqlstate
from chassis.database.states import BUG, OUTDATED, STATES, Kind, State, state_of
from chassis.errors import DatabaseNotMigrated, DatabaseUnavailable

from ..conftest import Boot
from ..database_calls import add, apart, ask, changed, sleep
from ..sample_service.settings import Settings

PASSING: Final = {Kind.OUTAGE, Kind.TIMEOUT, Kind.CONFLICT}
RAISE: Final = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{}'; END $$"
Provocation = Callable[[Database, Settings], Awaitable[object]]

pytestmark = pytest.mark.usefixtures("things")


def of_statement(sql: str) -> Provocation:
    async def provoke(database: Database, _: Settings) -> None:
        await database.execute(text(sql))

    return provoke


def of_transaction(*sql: str) -> Provocation:
    async def provoke(database: Database, _: Settings) -> None:
        async with database.transaction():
            for statement in sql:
                await database.execute(text(statement))

    return provoke


def with_settings(work: Callable[[Database], Awaitable[object]] = ask, **changes: Any) -> Provocation:
    async def provoke(_: Database, settings: Settings) -> None:
        async with changed(settings, **changes) as database:
            await work(database)

    return provoke


async def collide(database: Database, _: Settings) -> None:
    """Change one row in two transactions that share a snapshot."""
    await add(database, 901)
    read, change = text("SELECT id FROM things WHERE id = 901"), text("UPDATE things SET id = id WHERE id = 901")
    async with database.transaction(isolation_level="REPEATABLE READ"):
        await database.execute(read)
        await apart(database.execute(change))
        await database.execute(change)


async def embrace(_: Database, settings: Settings) -> None:
    """Lock two rows in opposite orders: a deadlock."""
    async with changed(settings, database_lock_timeout=9) as patient:
        await asyncio.gather(add(patient, 902), add(patient, 903))
        met = asyncio.Barrier(2)

        async def lock(*ids: int) -> None:
            async with patient.transaction():
                for this in ids:
                    await patient.execute(text("SELECT id FROM things WHERE id = :id FOR UPDATE"), {"id": this})
                    if this == ids[0]:
                        await met.wait()

        results = await asyncio.gather(lock(902, 903), lock(903, 902), return_exceptions=True)
        (error,) = (result for result in results if isinstance(result, Exception))
        raise error


async def wait_for_a_lock(database: Database, settings: Settings) -> None:
    async with database.engine.connect() as other, changed(settings, database_lock_timeout=0.1) as hasty:
        await other.execution_options(isolation_level="READ COMMITTED")
        async with other.begin():
            await other.execute(text("LOCK TABLE things IN ACCESS EXCLUSIVE MODE"))
            await add(hasty, 904)


async def be_one_too_many(database: Database, settings: Settings) -> None:
    """Exceed the connection limit of a role whose limit is 0; with any other limit the pool would wait."""
    role = settings.postgres_db
    await database.execute(text(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 0 PASSWORD 'of-the-role'"))
    try:
        async with changed(settings, postgres_user=role, postgres_password=SecretStr("of-the-role")) as crowd:
            await ask(crowd)
    finally:
        await database.execute(text(f"DROP ROLE {role}"))


async def be_terminated(database: Database, _: Settings) -> None:
    async with database.transaction():
        await database.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


REAL: Final[list[tuple[str, Provocation]]] = [
    ("57P01", be_terminated),
    ("28000", with_settings(postgres_user="does_not_exist")),
    ("3D000", with_settings(postgres_db="does_not_exist")),
    ("42501", of_transaction("CREATE ROLE weak", "SET LOCAL ROLE weak", "SELECT id FROM things")),
    ("25006", of_transaction("SET TRANSACTION READ ONLY", "INSERT INTO things VALUES (905)")),
    ("53400", of_transaction("SET LOCAL temp_file_limit = 0", "SET LOCAL work_mem = '64kB'",
                             "SELECT g FROM generate_series(1, 99999) g ORDER BY -g")),
    ("53300", be_one_too_many),
    ("57014", with_settings(sleep, database_statement_timeout=0.1)),
    ("55P03", wait_for_a_lock),
    ("40001", collide),
    ("40P01", embrace),
    ("42P01", of_statement("SELECT id FROM nothing")),
    ("42703", of_statement("SELECT nothing FROM things")),
    ("42704", of_statement("SELECT CAST('x' AS nothing)")),
    ("42883", of_statement("SELECT nothing()")),
    ("3F000", of_statement("CREATE TABLE nothing.things (id int)")),
    ("23505", of_statement("INSERT INTO things VALUES (900), (900)")),
    ("23502", of_statement("INSERT INTO things VALUES (NULL)")),
    ("22012", of_statement("SELECT 1 / 0")),
    ("22003", of_statement("SELECT 2147483647 + 1")),
    ("22P02", of_statement("SELECT CAST('x' AS int)")),
    ("42601", of_statement("SELECT FROM WHERE")),
    ("0A000", of_statement("SELECT count(*) FROM things FOR UPDATE")),
    ("25001", of_transaction("SELECT 1", "VACUUM")),
]  # fmt: skip
"""SQLSTATEs, and what lets PostgreSQL say them."""

ROWS: Final = [(code, state) for state in STATES if state is not OUTDATED for code in state.codes if code]


@pytest.mark.parametrize(("code", "provoke"), REAL, ids=[code for code, _ in REAL])
async def test_maps_real_errors_as_the_table_says(
    database: Database, settings: Settings, code: str, provoke: Provocation
) -> None:
    error = await error_of(provoke(database, settings))
    cause = error.__cause__ if isinstance(error, DatabaseUnavailable) else error
    assert isinstance(cause, DBAPIError)
    assert sqlstate(cause) == code or cause.connection_invalidated
    check(error, state_of(code), code)


@pytest.mark.parametrize(("code", "state"), ROWS, ids=[code for code, _ in ROWS])
async def test_maps_each_sqlstate_of_the_table(database: Database, code: str, state: State) -> None:
    code = code.ljust(5, "0")
    check(await error_of(database.execute(text(RAISE.format(code)))), state, code)


@pytest.mark.parametrize("code", ["22000", "25P02", "42601", "54000", "55000", "P0001", "XX000", "ZZ999"])
async def test_raises_unknown_sqlstates_unchanged(database: Database, code: str) -> None:
    check(await error_of(database.execute(text(RAISE.format(code)))), BUG, code)


async def error_of(work: Awaitable[object]) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one, is asked afterwards
        await work
    return caught.value


def check(error: Exception, state: State, code: str) -> None:
    if state.kind in PASSING:
        assert (type(error), str(error)) == (DatabaseUnavailable, state.told)
    else:  # the schema is at head, so a migration would not add it
        assert isinstance(error, DBAPIError)
        assert isinstance(error, IntegrityError) == (code.startswith("23") and state.kind is Kind.DOMAIN)
        assert error.__notes__ == [f"SQLSTATE {code}, see docs/operations.md#{state.recipe}"]


@pytest.mark.parametrize("statement", ["SELECT id FROM users", "SELECT nothing()", "CREATE TABLE nothing.t ()"])
async def test_raises_database_not_migrated_if_a_table_or_column_is_missing_before_a_migration(
    settings: Settings, empty_database: str, statement: str
) -> None:
    async with changed(settings, postgres_db=empty_database, database_pool_size=2) as database:
        with pytest.raises(DatabaseNotMigrated, match=r"^The database has not been migrated to this release\.$"):
            await database.execute(text(statement))
        with pytest.raises(DatabaseNotMigrated):
            async with database.transaction() as connection:
                await connection.execute(text(statement))
        many = await asyncio.gather(*(database.execute(text(statement)) for _ in range(50)), return_exceptions=True)
        assert {type(each) for each in many} == {DatabaseNotMigrated}


async def test_finds_a_constraint_whose_name_postgresql_truncates(
    database: Database, connection: asyncpg.Connection
) -> None:
    long = "uq_" + "wörter_" * 12
    await connection.execute(f'CREATE TABLE long_names (a int CONSTRAINT "{long}" UNIQUE)')
    with pytest.raises(KeyError), constraint_errors({long: KeyError("taken")}):
        await database.execute(text("INSERT INTO long_names VALUES (1), (1)"))


@asynccontextmanager
async def client_of(settings: Settings, boot: Boot, log: Path) -> AsyncIterator[aiohttp.ClientSession]:
    database = Database(settings)
    router = APIRouter()

    @router.get("/run")
    async def run(sql: str) -> None:
        await database.execute(text(sql))

    settings = settings.model_copy(update={"log_file": log})
    app = build_application(settings, database=database, routers=[router], problems=[])
    async with boot(app) as url, aiohttp.ClientSession(url) as session:
        yield session


@pytest.mark.parametrize(
    ("sql", "status", "problem", "logged"),
    [
        ("SELECT 1 / 0", 500, "internal-error", "SQLSTATE 22012, see docs/operations.md#a-bad-deployment"),
        ("SELECT id FROM nothing", 500, "internal-error", "SQLSTATE 42P01, see docs/operations.md#migrations"),
        (RAISE.format("40P01"), 503, "database-unavailable", "to end a deadlock"),
        (RAISE.format("53100"), 503, "database-unavailable", "The database's disk is full."),
        (RAISE.format("28P01"), 503, "database-unavailable", "refuses the service"),
    ],
)
async def test_responds_with_the_status_of_the_error(
    settings: Settings, boot: Boot, tmp_path: Path, sql: str, status: int, problem: str, logged: str
) -> None:
    log = tmp_path / "log"
    async with client_of(settings, boot, log) as client:
        assert await answer(client, sql) == (status, f"/problems/{problem}", status == 503)
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    (line,) = (line for line in lines if logged in json.dumps(line) and line["logger"] != "access")
    assert ("exception.stacktrace" in line) == (status == 500)


async def test_responds_503_if_a_migration_is_missing(
    settings: Settings, empty_database: str, boot: Boot, tmp_path: Path
) -> None:
    unmigrated = settings.model_copy(update={"postgres_db": empty_database})
    async with client_of(unmigrated, boot, tmp_path / "log") as client:
        assert await answer(client, "SELECT id FROM users") == (503, "/problems/database-not-migrated", True)


async def answer(client: aiohttp.ClientSession, sql: str) -> tuple[int, str, bool]:
    async with client.get("/run", params={"sql": sql}) as response:
        return response.status, (await response.json())["type"], "Retry-After" in response.headers
