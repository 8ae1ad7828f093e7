"""The database: bounded in every direction, cancelled safely, and recovered by itself."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy import (
    CheckConstraint,
    Column,
    Executable,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    cast,
    event,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from friends_service import SERVICE_NAME
from friends_service.chassis import engine, kept_connections
from friends_service.chassis.database import Base, Database, constraint_errors
from friends_service.chassis.engine import database_url
from friends_service.chassis.errors import DatabaseUnavailable
from friends_service.settings import Settings

from .frozen_server import Road, road_to

ADD = text("INSERT INTO things (id) VALUES (:id)")
ONE = text("SELECT 1")
BACKEND = text("SELECT pg_backend_pid()")
DECIMAL = select(cast("1.5", Numeric))
SLEEP = text("SELECT pg_sleep(60)")
SETTING = text("SELECT current_setting(:name)")
TERMINATE_OTHERS = (
    "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid != pg_backend_pid()"
)
SLEEPING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
STATES = "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid != pg_backend_pid()"


@pytest.fixture(scope="module", autouse=True)
async def things(settings: Settings) -> None:
    async with Database(settings) as database:
        await database.execute(text("CREATE TABLE things (id int CONSTRAINT pk_things PRIMARY KEY)"))


@pytest.fixture
async def narrow(settings: Settings) -> AsyncIterator[Database]:
    """A database with one connection, for which nobody waits long, and time for a statement to be interrupted."""
    patience = {"database_timeout": 30, "database_statement_timeout": 30}
    async with changed(settings, database_pool_size=1, database_pool_wait=0.1, **patience) as database:
        yield database


def changed(settings: Settings, **changes: Any) -> Database:
    return Database(settings.model_copy(update=changes))


async def add(database: Database, thing: int) -> None:
    await database.execute(ADD, {"id": thing})


async def ask(database: Database) -> int:
    return int((await database.execute(ONE))[0][0])


async def backend(database: Database) -> int:
    """The process of the server that answers, by which a connection is known."""
    return int((await database.execute(BACKEND))[0][0])


async def examine(database: Database) -> None:
    """Ask as the readiness check does."""
    async with database.spare() as spare:
        assert await spare.scalar(ONE) == 1


async def work(database: Database) -> None:
    """Ask twice, in a transaction."""
    async with database.transaction() as connection:
        for _ in range(2):
            assert await connection.scalar(ONE) == 1


async def sleep(database: Database) -> None:
    await database.execute(SLEEP)


async def until(connection: asyncpg.Connection, number: str, expected: int) -> None:
    async with asyncio.timeout(20):
        while await connection.fetchval(number) != expected:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)


async def count(connection: asyncpg.Connection, thing: int) -> int:
    return int(await connection.fetchval("SELECT count(*) FROM things WHERE id = $1", thing))


async def test_a_statement_is_committed_by_itself(database: Database, connection: asyncpg.Connection) -> None:
    assert not await database.execute(ADD, {"id": 1}), "it has no rows"
    assert await count(connection, 1) == 1


async def test_a_transaction_is_committed_at_its_end(database: Database, connection: asyncpg.Connection) -> None:
    async with database.transaction() as ours:
        await ours.execute(ADD, {"id": 2})
        assert await count(connection, 2) == 0
    assert await count(connection, 2) == 1


async def test_a_transaction_is_undone_by_an_error(database: Database, connection: asyncpg.Connection) -> None:
    async def work() -> None:
        async with database.transaction() as ours:
            await ours.execute(ADD, {"id": 3})
            raise KeyError

    with pytest.raises(KeyError):
        await work()
    assert await count(connection, 3) == 0


async def test_a_cancelled_transaction_is_undone(narrow: Database, connection: asyncpg.Connection) -> None:
    async def work() -> None:
        async with narrow.transaction() as ours:
            await ours.execute(ADD, {"id": 4})
            await ours.execute(SLEEP)

    task = asyncio.create_task(work())
    await until(connection, SLEEPING, 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await ask(narrow) == 1
    assert await count(connection, 4) == 0


async def test_a_statement_after_a_transaction_opens_none(narrow: Database, connection: asyncpg.Connection) -> None:
    async with narrow.transaction() as ours:
        await ours.execute(ONE)
    assert await ask(narrow) == 1
    assert [row["state"] for row in await connection.fetch(STATES)] == ["idle"]


@pytest.mark.parametrize("statement", [ONE, DECIMAL], ids=["direct", "by SQLAlchemy"])
async def test_all_ways_to_a_connection_share_one_pool(narrow: Database, statement: Executable) -> None:
    for _ in range(2):
        assert await backend(narrow) == await backend(narrow)
        assert await narrow.execute(statement)
        async with narrow.transaction() as ours:
            assert await ours.scalar(ONE) == 1


async def test_a_statement_soon_after_another_has_no_need_of_the_pool(database: Database) -> None:
    lent: list[object] = []
    event.listen(database.engine.sync_engine, "checkout", lambda connection, *_: lent.append(connection))
    assert [await ask(database) for _ in range(5)] == [1] * 5
    assert len(lent) == 1


async def test_connections_are_replaced_when_they_grow_old(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_RECYCLE_SECONDS", 0.3)
    monkeypatch.setattr(kept_connections, "_KEPT_SECONDS", 0.1)
    async with changed(settings, database_pool_size=1) as database:
        first = await backend(database)
        await asyncio.sleep(0.4)
        assert await backend(database) != first


async def test_each_session_is_bounded_and_named(database: Database) -> None:
    names = ("statement_timeout", "lock_timeout", "TimeZone", "application_name")
    values = [(await database.execute(SETTING, {"name": name}))[0][0] for name in names]
    assert values == ["2s", "1s", "UTC", SERVICE_NAME]


async def test_a_migration_names_itself_and_waits_only_to_connect(settings: Settings) -> None:
    patient = engine.create_patient_engine(settings)
    async with patient.connect() as migrating:
        names = ("application_name", "TimeZone", "statement_timeout", "lock_timeout")
        values = [await migrating.scalar(SETTING, {"name": name}) for name in names]
    await patient.dispose()
    assert values == [f"{SERVICE_NAME}-migrate", "UTC", "0", "0"]

    changes = {"postgres_host": "127.0.0.1", "database_connect_timeout": 0.1}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = {"postgres_port": silent.getsockname()[1]}
        patient = engine.create_patient_engine(settings.model_copy(update=changes | port))
        async with asyncio.timeout(20):
            with pytest.raises(TimeoutError):
                await patient.connect()


async def test_a_limit_that_is_nearly_nothing_is_not_taken_for_none(settings: Settings) -> None:
    async with changed(settings, database_lock_timeout=0.000_1) as database:
        assert (await database.execute(SETTING, {"name": "lock_timeout"}))[0][0] == "1ms"


async def test_no_more_than_the_pool_are_connected_and_the_rest_is_refused_soon(narrow: Database) -> None:
    async with narrow.transaction():
        started = time.monotonic()
        results = await asyncio.gather(*(ask(narrow) for _ in range(20)), return_exceptions=True)
        assert {str(result) for result in results} == {"All database connections are busy."}
        assert time.monotonic() - started < 1.9, "one after the other they wait two seconds"
        await examine(narrow)  # does not queue with requests
    async with narrow.spare():
        with pytest.raises(DatabaseUnavailable):
            await examine(narrow)
    assert await ask(narrow) == 1


async def test_connections_are_given_in_the_order_of_asking(settings: Settings) -> None:
    order: list[int] = []

    async def work(database: Database, number: int) -> None:
        await database.execute(ONE)
        order.append(number)

    async with changed(settings, database_pool_size=1, database_pool_wait=5) as database:
        await asyncio.gather(*(work(database, number) for number in range(100)))
    assert order == list(range(100))


async def test_a_cancelled_statement_leaves_a_working_pool(narrow: Database, connection: asyncpg.Connection) -> None:
    for _ in range(3):
        task = asyncio.create_task(sleep(narrow))
        await until(connection, SLEEPING, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await ask(narrow) == 1
        async with narrow.transaction():
            pass  # the pool has its only connection back
    await until(connection, SLEEPING, 0)
    assert [row["state"] for row in await connection.fetch(STATES)] == ["idle"]


async def test_cancelling_at_any_moment_leaves_a_working_pool(settings: Settings) -> None:
    async with changed(settings, database_pool_size=2) as database:
        for moment in range(40):
            calls = [asyncio.create_task(ask(database)) for _ in range(5)]
            await asyncio.sleep(moment / 4_000)
            for call in calls:
                call.cancel()
            await asyncio.wait(calls)
        assert await asyncio.gather(*(ask(database) for _ in range(10))) == [1] * 10
        async with database.transaction(), database.transaction():
            pass  # the pool has both connections back


async def test_a_statement_that_takes_too_long_is_given_up(settings: Settings) -> None:
    async with changed(settings, database_statement_timeout=0.5) as database:
        with pytest.raises(DatabaseUnavailable, match=r"^The database did not answer in time\.$"):
            await sleep(database)
        assert await ask(database) == 1


async def test_a_statement_that_waits_for_a_lock_is_given_up(
    settings: Settings, connection: asyncpg.Connection
) -> None:
    async with changed(settings, database_lock_timeout=0.1) as database, connection.transaction():
        await connection.execute("LOCK TABLE things IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(DatabaseUnavailable):
            await add(database, 5)


async def test_connections_that_were_closed_while_idle_are_replaced_unnoticed(
    database: Database, connection: asyncpg.Connection
) -> None:
    await asyncio.gather(*(ask(database) for _ in range(5)))
    await connection.execute(TERMINATE_OTHERS)
    for _ in range(10):  # turns of the event loop, in which it reads the farewells and the ends
        await asyncio.sleep(0.005)
    assert await asyncio.gather(*(ask(database) for _ in range(5))) == [1] * 5


async def test_a_connection_that_is_lost_in_the_middle_is_the_databases_fault(
    narrow: Database, connection: asyncpg.Connection
) -> None:
    task = asyncio.create_task(sleep(narrow))
    await until(connection, SLEEPING, 1)
    await connection.execute(TERMINATE_OTHERS)
    with pytest.raises(DatabaseUnavailable):
        await task
    assert await ask(narrow) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"postgres_host": "/nowhere"},
        {"postgres_host": "127.0.0.1", "postgres_port": 1},
        {"postgres_host": "does-not-exist.invalid"},
        {"postgres_db": "does_not_exist"},
        {"postgres_user": "does_not_exist"},
    ],
    ids=str,
)
async def test_a_database_that_cannot_be_reached_is_unavailable(settings: Settings, changes: dict[str, Any]) -> None:
    async with changed(settings, **changes) as database:
        with pytest.raises(DatabaseUnavailable, match=r"^The database cannot be reached\.$"):
            await ask(database)


@pytest.mark.parametrize(
    "code", ["08006", "0A000", "25006", "28000", "3D000", "40001", "40P01", "53300", "55P03", "57P03", "58030"]
)
async def test_what_the_server_cannot_do_now_is_its_state(database: Database, code: str) -> None:
    """Classes and codes of PostgreSQL's manual, appendix A: lost, being upgraded, read-only, full, locked, …"""
    with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
        await database.execute(text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$"))


@pytest.mark.parametrize("code", ["22P02", "23503", "25001", "42601", "42501", "55000", "P0001", "XX000"])
async def test_what_the_server_will_never_do_is_our_fault(database: Database, code: str) -> None:
    with pytest.raises(DBAPIError):
        await database.execute(text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$"))


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [("SELECT nonsense", {}), ("INSERT INTO things (id) VALUES (CAST(:id AS int))", {"id": 2**40})],
)
async def test_a_wrong_statement_is_our_fault(database: Database, statement: str, parameters: dict[str, int]) -> None:
    with pytest.raises(DBAPIError):
        await database.execute(text(statement), parameters)


async def test_an_error_repeats_no_values(database: Database) -> None:
    """It is logged, and nobody knows what they are."""
    async with database.transaction() as connection:
        with pytest.raises(DBAPIError, match="nonsense") as caught:
            await connection.execute(text("SELECT nonsense, CAST(:note AS text)"), {"note": "planted"})
    assert "planted" not in str(caught.value)


@pytest.fixture
async def road(settings: Settings) -> AsyncIterator[tuple[Road, str]]:
    """A way to the server, and its socket folder; the path of a socket holds about 103 bytes."""
    with TemporaryDirectory(dir="/tmp") as folder:
        async with road_to(settings.postgres_host, settings.postgres_port, Path(folder)) as road:
            yield road, folder


async def test_a_frozen_server_is_not_waited_for(settings: Settings, road: tuple[Road, str]) -> None:
    way, folder = road
    limits = {"database_timeout": 1.0, "database_pool_size": 2, "database_pool_wait": 0.9}
    async with changed(settings, postgres_host=folder, postgres_port=5432, **limits) as database:
        await asyncio.gather(ask(database), ask(database), examine(database))
        way.open.clear()
        for _ in range(2):  # first with connections, then without
            started = time.monotonic()
            asked = (ask(database), work(database), *(ask(database) for _ in range(4)), examine(database))
            results = await asyncio.gather(*asked, return_exceptions=True)
            assert {type(result) for result in results} == {DatabaseUnavailable}
            assert "The database did not answer in time." in {str(result) for result in results}
            assert time.monotonic() - started < 1.0 + 0.25 + 1.0
        way.open.set()
        assert await asyncio.gather(*(ask(database) for _ in range(6))) == [1] * 6


async def test_a_connection_that_is_lost_in_the_moment_of_its_use_is_the_databases_fault(
    narrow: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = engine.Connection.fetch

    async def lose_and_fetch(connection: engine.Connection, *arguments: Any, **options: Any) -> object:
        connection.terminate()
        return await fetch(connection, *arguments, **options)

    with monkeypatch.context() as broken:
        broken.setattr(engine.Connection, "fetch", lose_and_fetch)
        with pytest.raises(DatabaseUnavailable):
            await ask(narrow)
    assert await ask(narrow) == 1


def test_constraints_have_names_by_which_they_can_be_told_apart() -> None:
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)
    shelves = Table("shelves", metadata, Column("id", Integer, primary_key=True))
    table = Table(
        "boxes",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("shelf", ForeignKey(shelves.c.id), index=True),
        Column("label", String, unique=True),
        CheckConstraint("id > 0", name="positive"),
    )
    names = {each.name for each in table.constraints} | {each.name for each in table.indexes}
    assert names == {"pk_boxes", "fk_boxes_shelf_shelves", "ix_boxes_shelf", "uq_boxes_label", "ck_boxes_positive"}


async def test_a_violated_constraint_becomes_the_error_of_its_name(database: Database) -> None:
    await add(database, 6)
    with pytest.raises(KeyError), constraint_errors({"pk_things": KeyError("taken")}):
        await add(database, 6)
    with pytest.raises(IntegrityError), constraint_errors({"pk_thing": KeyError("a part of the name")}):
        await add(database, 6)
    with pytest.raises(KeyError), constraint_errors({"pk_things": KeyError("taken")}):
        async with database.transaction() as ours:
            await ours.execute(ADD, {"id": 6})


def test_an_address_is_a_host_or_a_socket_folder(settings: Settings) -> None:
    at_host = database_url(settings.model_copy(update={"postgres_host": "db", "postgres_port": 5433}))
    assert (at_host.host, at_host.port, at_host.query) == ("db", 5433, {})
    at_socket = database_url(settings.model_copy(update={"postgres_host": "/run/pg", "postgres_port": 5433}))
    assert (at_socket.host, at_socket.port, at_socket.query) == (None, None, {"host": "/run/pg", "port": "5433"})


def test_a_password_is_sent_if_there_is_one(settings: Settings) -> None:
    for password, sent in (("of-the-role", "of-the-role"), ("", None)):
        assert database_url(settings.model_copy(update={"postgres_password": SecretStr(password)})).password == sent
