"""The database: what is committed, what is rolled back, and a bounded pool that survives cancellation at any point."""

import asyncio
import gc
import time
import weakref
from typing import Any

import asyncpg
import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    event,
    literal,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError

from chassis.database import Base, Database, constraint_errors, engine, prepared, reference_error
from chassis.database import connections as kept_connections
from chassis.errors import DatabaseUnavailable

from ..database_calls import ADD, ONE, SLEEP, SLEEPING, add, apart, ask, changed, examine, sleep, until, use_all
from ..sample_service.settings import Settings

BACKEND = text("SELECT pg_backend_pid()")
STATES = "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid != pg_backend_pid()"

Statement = Any  # plain or prepared

pytestmark = pytest.mark.usefixtures("things")


async def backend(database: Database) -> int:
    """Return the process id of the server backend, which identifies the connection."""
    return int((await database.execute(BACKEND)).scalar_one())


async def count(connection: asyncpg.Connection, thing: int) -> int:
    return int(await connection.fetchval("SELECT count(*) FROM things WHERE id = $1", thing))


async def test_commits_a_single_statement(database: Database, connection: asyncpg.Connection) -> None:
    assert (await database.execute(ADD, {"id": 1})).rowcount == 1
    assert await count(connection, 1) == 1


async def test_commits_a_transaction_at_its_end(database: Database, connection: asyncpg.Connection) -> None:
    async with database.transaction() as ours:
        await ours.execute(ADD, {"id": 2})
        assert await count(connection, 2) == 0
    assert await count(connection, 2) == 1


async def test_rolls_back_a_transaction_on_an_error(database: Database, connection: asyncpg.Connection) -> None:
    async def work() -> None:
        async with database.transaction() as ours:
            await ours.execute(ADD, {"id": 3})
            raise KeyError

    with pytest.raises(KeyError):
        await work()
    assert await count(connection, 3) == 0


async def test_rolls_back_a_cancelled_transaction(narrow: Database, connection: asyncpg.Connection) -> None:
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


async def test_single_statement_leaves_no_transaction_open(narrow: Database, connection: asyncpg.Connection) -> None:
    async with narrow.transaction() as ours:
        await ours.execute(ONE)
    assert await ask(narrow) == 1
    assert [row["state"] for row in await connection.fetch(STATES)] == ["idle"]


@pytest.mark.parametrize("statement", [ONE, prepared(ONE)], ids=["by SQLAlchemy", "by the driver"])
async def test_plain_and_prepared_statements_share_one_pool(narrow: Database, statement: Statement) -> None:
    for _ in range(2):
        assert await backend(narrow) == await backend(narrow)
        assert (await narrow.execute(statement)).one()
        async with narrow.transaction() as ours:
            assert await ours.scalar(ONE) == 1


async def test_reuses_the_connection_of_a_recent_prepared_statement(database: Database) -> None:
    lent: list[object] = []
    event.listen(database.engine.sync_engine, "checkout", lambda connection, *_: lent.append(connection))
    once = prepared(ONE)
    assert [(await database.execute(once)).scalar_one() for _ in range(5)] == [1] * 5
    assert len(lent) == 1


async def test_does_not_keep_statements_that_are_built_for_each_call(database: Database) -> None:
    """Nor their values: SQLAlchemy caches one compiled statement per shape, up to a limit."""

    async def build(number: int) -> weakref.ref[object]:
        statement = select(literal(number)).where(literal(f"{number}@example.com") != "")
        await database.execute(statement)
        return weakref.ref(statement)

    built = [await build(number) for number in range(20)]
    gc.collect()
    assert sum(each() is not None for each in built) <= 1


async def test_replaces_connections_that_reach_their_maximum_age(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_RECYCLE_SECONDS", 0.3)
    monkeypatch.setattr(kept_connections, "_KEPT_SECONDS", 0.1)
    async with changed(settings, database_pool_size=1) as database:
        first = await backend(database)
        await asyncio.sleep(0.4)
        assert await backend(database) != first


async def test_opens_no_more_connections_than_the_pool_size_and_refuses_the_rest_in_time(narrow: Database) -> None:
    async with narrow.transaction():
        started = time.monotonic()
        results = await asyncio.gather(*(apart(ask(narrow)) for _ in range(600)), return_exceptions=True)
        assert {str(result) for result in results} == {"All database connections are busy."}
        assert time.monotonic() - started < 30, "waiting one after another would take a minute"
        await examine(narrow)  # the readiness check does not queue with requests
    async with narrow.spare():
        with pytest.raises(DatabaseUnavailable):
            await examine(narrow)
    assert await ask(narrow) == 1


async def test_database_timeout_limits_the_wait_for_a_connection(settings: Settings) -> None:
    limits = {"database_pool_size": 1, "database_pool_wait": 60, "database_timeout": 0.5}
    async with changed(settings, **limits) as database, database._queue, asyncio.timeout(30):
        with pytest.raises(DatabaseUnavailable, match="All database connections are busy"):
            await ask(database)


async def test_hands_out_connections_in_request_order(settings: Settings) -> None:
    order: list[int] = []

    async def work(database: Database, number: int) -> None:
        await database.execute(ONE)
        order.append(number)

    async with changed(settings, database_pool_size=1, database_pool_wait=5) as database:
        await asyncio.gather(*(work(database, number) for number in range(100)))
    assert order == list(range(100))


async def test_pool_works_after_a_cancelled_statement(narrow: Database, connection: asyncpg.Connection) -> None:
    for _ in range(3):
        task = asyncio.create_task(sleep(narrow))
        await until(connection, SLEEPING, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await ask(narrow) == 1
        await use_all(narrow, 1)
    await until(connection, SLEEPING, 0)
    assert [row["state"] for row in await connection.fetch(STATES)] == ["idle"]


async def test_pool_works_after_a_cancellation_at_any_point(settings: Settings) -> None:
    async with changed(settings, database_pool_size=2) as database:
        for moment in range(40):
            calls = [asyncio.create_task(ask(database)) for _ in range(5)]
            await asyncio.sleep(moment / 4_000)
            for call in calls:
                call.cancel()
            await asyncio.wait(calls)
        assert await asyncio.gather(*(ask(database) for _ in range(10))) == [1] * 10
        await use_all(database, 2)


async def test_returns_the_pool_slot_of_a_cancelled_reconnection(narrow: Database) -> None:
    cancelled: list[asyncio.Task[int]] = []  # kept, because collecting the exceptions would free the slots
    for turns in range(20):
        async with narrow.transaction() as ours:
            driver: Any = (await ours.get_raw_connection()).driver_connection
        driver.terminate()
        cancelled.append(asyncio.create_task(ask(narrow)))
        for _ in range(turns):
            await asyncio.sleep(0)
        cancelled[-1].cancel()
        await asyncio.wait(cancelled)
        assert await ask(narrow) == 1


def test_names_constraints_uniquely() -> None:
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


async def test_maps_a_violated_constraint_to_a_domain_error_by_name(database: Database) -> None:
    await add(database, 6)
    with pytest.raises(KeyError), constraint_errors({"pk_things": KeyError("taken")}):
        await add(database, 6)
    with pytest.raises(IntegrityError), constraint_errors({"pk_thing": KeyError("a part of the name")}):
        await add(database, 6)
    with pytest.raises(KeyError), constraint_errors({"pk_things": KeyError("taken")}):
        async with database.transaction() as ours:
            await ours.execute(ADD, {"id": 6})


@pytest.mark.parametrize("on_delete", ["NO ACTION", "RESTRICT"])
async def test_maps_deleting_a_referenced_row_to_a_domain_error(database: Database, on_delete: str) -> None:
    await add(database, 8)
    names = text("CREATE TABLE names (thing integer REFERENCES things)".replace(")", f" ON DELETE {on_delete})"))
    delete = text("DELETE FROM things WHERE id = 8")
    await database.execute(names)
    try:
        await database.execute(text("INSERT INTO names VALUES (8)"))
        with pytest.raises(KeyError), reference_error(KeyError("in use")):
            await database.execute(delete)
        with pytest.raises(IntegrityError), reference_error(KeyError("in use")):
            await add(database, 8)  # another kind of violation
    finally:
        await database.execute(text("DROP TABLE names"))
    with reference_error(KeyError("in use")):
        assert (await database.execute(delete)).rowcount == 1
