"""A transaction stores everything or nothing, and never reports success for what was not stored."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError

from chassis.database import Database, constraint_errors, prepared
from chassis.errors import DatabaseUnavailable

from ..database_calls import ADD, SLEEP, SLEEPING, add, apart, ask, changed, until
from ..sample_service.settings import Settings

PREPARED_ADD = prepared(text("INSERT INTO things (id) VALUES (:id)"))
COUNT = text("SELECT count(*) FROM things WHERE id = ANY(:ids)")
SETTING = text("SELECT current_setting(:name)")

Statement = Any  # plain or prepared

pytestmark = pytest.mark.usefixtures("things")


async def stored(connection: asyncpg.Connection, *ids: int) -> list[int]:
    rows = await connection.fetch("SELECT id FROM things WHERE id = ANY($1::int[]) ORDER BY id", ids)
    return [row["id"] for row in rows]


async def interrupted(database: Database, work: Awaitable[object], error: Exception) -> None:
    async with database.transaction():
        await work
        raise error


async def add_twice(database: Database, thing: int) -> None:
    """Insert a row twice, and swallow the error of the second insert."""
    async with database.transaction():
        await add(database, thing)
        with pytest.raises(IntegrityError):
            await add(database, thing)


async def lose_the_connection(database: Database, connection: asyncpg.Connection, error: Exception | None) -> None:
    async with database.transaction() as ours:
        process = await ours.scalar(text("SELECT pg_backend_pid()"))
        await connection.execute("SELECT pg_terminate_backend($1, 1000)", process)
        if error:
            raise error


@pytest.mark.parametrize("statement", [ADD, PREPARED_ADD], ids=["executed", "prepared"])
async def test_statements_inside_join_the_transaction(
    narrow: Database, connection: asyncpg.Connection, statement: Statement
) -> None:
    """The pool has one connection, so a statement outside of the transaction would wait until it times out."""
    async with narrow.transaction() as ours:
        await narrow.execute(statement, {"id": 100})
        await ours.execute(ADD, {"id": 101})
        assert (await narrow.execute(COUNT, {"ids": [100, 101]})).scalar_one() == 2
        assert await stored(connection, 100, 101) == []
    assert await stored(connection, 100, 101) == [100, 101]
    with pytest.raises(KeyError):
        await interrupted(narrow, narrow.execute(statement, {"id": 102}), KeyError())
    assert await stored(connection, 102) == []
    await connection.execute("DELETE FROM things WHERE id IN (100, 101)")


async def test_transactions_of_two_databases_are_independent(narrow: Database, database: Database) -> None:
    async with narrow.transaction():
        await add(narrow, 103)
        assert (await database.execute(COUNT, {"ids": [103]})).scalar_one() == 0


async def test_raises_at_the_end_if_a_postgresql_error_was_swallowed(
    narrow: Database, connection: asyncpg.Connection
) -> None:
    with pytest.raises(DBAPIError, match="Nothing was committed") as caught:
        await add_twice(narrow, 110)
    assert "SQLSTATE 25P02" in caught.value.__notes__[0]
    assert await stored(connection, 110) == []
    assert await ask(narrow) == 1


async def test_rolls_back_a_nested_transaction_alone(narrow: Database, connection: asyncpg.Connection) -> None:
    async def add_both() -> None:
        async with narrow.transaction():
            await add(narrow, 121)
            await add(narrow, 120)

    async with narrow.transaction():
        await add(narrow, 120)
        with pytest.raises(KeyError), constraint_errors({"pk_things": KeyError()}):
            await add_both()
        async with narrow.transaction():
            await add(narrow, 122)
    assert await stored(connection, 120, 121, 122) == [120, 122]


async def test_nested_transaction_raises_if_a_postgresql_error_was_swallowed(
    narrow: Database, connection: asyncpg.Connection
) -> None:
    async def work() -> None:
        async with narrow.transaction():
            await add(narrow, 125)
            with pytest.raises(DBAPIError, match="aborted"):
                await add_twice(narrow, 126)

    with pytest.raises(DBAPIError, match="Nothing was committed"):
        await work()
    assert await stored(connection, 125, 126) == []


async def test_refuses_timeout_and_isolation_level_for_a_nested_transaction(database: Database) -> None:
    async with database.transaction():
        parts: tuple[dict[str, Any], ...] = ({"timeout": 1.0}, {"isolation_level": "SERIALIZABLE"})
        for options in parts:
            with pytest.raises(InvalidRequestError, match="of the outer one"):
                database.transaction(**options)


async def test_tasks_started_inside_join_the_transaction_one_at_a_time(
    narrow: Database, connection: asyncpg.Connection
) -> None:
    async def add_two(first: int) -> None:
        async with narrow.transaction():
            await add(narrow, first)
            await add(narrow, first + 1)

    async with narrow.transaction():
        await asyncio.gather(*(add(narrow, thing) for thing in range(130, 135)))
        await asyncio.gather(add_two(135), add_two(137), add(narrow, 139))
        await asyncio.wait_for(add(narrow, 140), 20)  # creates a task until Python 3.12
    assert await stored(connection, *range(130, 141)) == list(range(130, 141))


async def test_rolls_back_all_if_one_of_several_tasks_fails(narrow: Database, connection: asyncpg.Connection) -> None:
    with pytest.raises(IntegrityError):
        async with narrow.transaction():
            await asyncio.gather(*(add(narrow, thing) for thing in (141, 142, 141, 143)))
    assert await stored(connection, 141, 142, 143) == []
    assert await ask(narrow) == 1


async def test_refuses_a_task_that_outlives_its_transaction(database: Database, connection: asyncpg.Connection) -> None:
    over = asyncio.Event()

    async def add_later(thing: int) -> None:
        await over.wait()
        await add(database, thing)

    async with database.transaction():
        inside = asyncio.create_task(add_later(144))
        outside = asyncio.create_task(apart(add_later(145)))
    over.set()
    with pytest.raises(InvalidRequestError, match="has ended"):
        await inside
    await outside
    assert await stored(connection, 144, 145) == [145]


async def test_waits_for_the_running_statement_of_a_task(narrow: Database, connection: asyncpg.Connection) -> None:
    async with narrow.transaction():
        slow = asyncio.create_task(narrow.execute(text("INSERT INTO things SELECT 146 FROM pg_sleep(0.2)")))
        await until(connection, SLEEPING, 1)
    await slow
    assert await stored(connection, 146) == [146]


@pytest.mark.parametrize("error", [FileNotFoundError("x"), ConnectionError("S3"), TimeoutError("mail"), KeyError("x")])
async def test_passes_errors_of_other_code_on_unchanged(
    narrow: Database, connection: asyncpg.Connection, error: Exception
) -> None:
    with pytest.raises(type(error)) as caught:
        await interrupted(narrow, add(narrow, 150), error)
    assert caught.value is error
    with pytest.raises(type(error)) as caught:
        await interrupted(narrow, interrupted(narrow, add(narrow, 150), error), KeyError())
    assert caught.value is error
    assert await stored(connection, 150) == []
    async with narrow.spare():
        pass


async def test_passes_errors_of_other_code_on_if_the_connection_is_lost(
    narrow: Database, connection: asyncpg.Connection
) -> None:
    with pytest.raises(FileNotFoundError):
        await lose_the_connection(narrow, connection, FileNotFoundError())
    assert await ask(narrow) == 1


async def test_raises_database_unavailable_if_the_connection_is_lost_inside(
    narrow: Database, connection: asyncpg.Connection
) -> None:
    with pytest.raises(DatabaseUnavailable, match="is unreachable"):
        await lose_the_connection(narrow, connection, None)
    assert await ask(narrow) == 1


async def test_transaction_timeout_is_the_configured_one_or_its_own(
    settings: Settings, connection: asyncpg.Connection
) -> None:
    limits = {"database_timeout": 0.3, "database_statement_timeout": 0.2, "database_pool_size": 1}

    async def add_slowly() -> None:
        await add(database, 160)
        await asyncio.sleep(60)

    async with changed(settings, **limits) as database, asyncio.timeout(60):
        with pytest.raises(DatabaseUnavailable, match=r"^The database did not respond in time\.$"):
            await interrupted(database, add_slowly(), KeyError())
        async with database.transaction(timeout=50):
            await database.execute(text("SELECT pg_sleep(0.5)"))
            await add(database, 161)
            names = ("statement_timeout", "idle_in_transaction_session_timeout")
            assert [(await database.execute(SETTING, {"name": name})).scalar_one() for name in names] == ["50s"] * 2
        assert (await database.execute(SETTING, {"name": "statement_timeout"})).scalar_one() == "200ms"
        with pytest.raises(DatabaseUnavailable):
            async with database.transaction(timeout=0.1):
                await database.execute(SLEEP)
    assert await stored(connection, 160, 161) == [161]


async def test_isolation_level_applies_to_one_transaction(narrow: Database) -> None:
    for level in ("SERIALIZABLE", "REPEATABLE READ", None):
        async with narrow.transaction(isolation_level=level):
            found = (await narrow.execute(SETTING, {"name": "transaction_isolation"})).scalar_one()
        assert found == (level or "READ COMMITTED").lower()


async def execute(database: Database) -> None:
    await database.execute(text("SELECT pg_sleep(0.02)"))


async def execute_prepared(database: Database) -> None:
    await database.execute(PREPARED_SLEEP)


async def transact(database: Database) -> None:
    async with database.transaction():
        await execute(database)
        await execute_prepared(database)


async def transact_in_parts(database: Database) -> None:
    async with database.transaction(timeout=20):
        async with database.transaction():
            await execute(database)
        await asyncio.gather(execute(database), execute_prepared(database))


PREPARED_SLEEP = prepared(text("SELECT pg_sleep(0.02)"))
ACTIVE = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid != pg_backend_pid() AND state != 'idle'"
)


@pytest.mark.parametrize("work", [execute, execute_prepared, transact, transact_in_parts])
async def test_returns_the_connection_after_a_cancellation_at_any_point(
    narrow: Database, connection: asyncpg.Connection, work: Callable[[Database], Coroutine[Any, Any, None]]
) -> None:
    for moment in range(0, 60, 3):
        task = asyncio.create_task(work(narrow))
        await asyncio.sleep(moment / 1000)
        task.cancel()
        await asyncio.wait([task])
        assert await ask(narrow) == 1
    await until(connection, ACTIVE, 0)


@pytest.mark.parametrize("work", [execute, execute_prepared, transact, transact_in_parts])
async def test_returns_the_connection_after_a_timeout_at_any_point(
    narrow: Database, connection: asyncpg.Connection, work: Callable[[Database], Coroutine[Any, Any, None]]
) -> None:
    for moment in range(1, 61, 4):
        try:
            async with asyncio.timeout(moment / 1000):
                await work(narrow)
        except TimeoutError:
            pass
        assert await ask(narrow) == 1
    await until(connection, ACTIVE, 0)
