"""A database that is lost, slow, frozen or refusing raises DatabaseUnavailable within the configured time."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.database import Database, engine, prepared
from chassis.errors import DatabaseUnavailable

from ..database_calls import ONE, SLEEP, SLEEPING, add, ask, changed, examine, sleep, until, work
from ..database_proxy import DatabaseProxy, proxy_to
from ..sample_service.settings import Settings

TERMINATE_OTHERS = (
    "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid != pg_backend_pid()"
)

Statement = Any  # plain or prepared

pytestmark = pytest.mark.usefixtures("things")


async def test_statement_timeout_cancels_a_slow_statement(settings: Settings) -> None:
    async with changed(settings, database_statement_timeout=0.5) as database:
        with pytest.raises(DatabaseUnavailable, match=r"^The database did not respond in time\.$"):
            await sleep(database)
        assert await ask(database) == 1


@pytest.mark.parametrize("statement", [SLEEP, prepared(SLEEP)], ids=["by SQLAlchemy", "by the driver"])
async def test_database_timeout_limits_a_single_statement(settings: Settings, statement: Statement) -> None:
    async with changed(settings, database_timeout=0.5, database_statement_timeout=60) as database, asyncio.timeout(20):
        with pytest.raises(DatabaseUnavailable, match=r"^The database did not respond in time\.$"):
            await database.execute(statement)


async def test_lock_timeout_cancels_a_statement_that_waits_for_a_lock(
    settings: Settings, connection: asyncpg.Connection
) -> None:
    async with changed(settings, database_lock_timeout=0.1) as database, connection.transaction():
        await connection.execute("LOCK TABLE things IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(DatabaseUnavailable):
            await add(database, 5)


async def test_replaces_connections_that_were_closed_while_idle(
    database: Database, connection: asyncpg.Connection
) -> None:
    await asyncio.gather(*(ask(database) for _ in range(5)))
    await connection.execute(TERMINATE_OTHERS)
    for _ in range(10):  # let the event loop read the shutdown messages and the ends of the connections
        await asyncio.sleep(0.005)
    assert await asyncio.gather(*(ask(database) for _ in range(5))) == [1] * 5


async def test_raises_database_unavailable_if_the_connection_is_lost_during_a_statement(
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
    ],
    ids=str,
)
async def test_raises_database_unavailable_if_the_database_is_unreachable(
    settings: Settings, changes: dict[str, Any]
) -> None:
    async with changed(settings, **changes) as database:
        with pytest.raises(DatabaseUnavailable, match=r"^The database is unreachable\.$"):
            await ask(database)


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [("SELECT nonsense", {}), ("INSERT INTO things (id) VALUES (CAST(:id AS int))", {"id": 2**40})],
)
async def test_raises_a_programming_error_for_a_wrong_statement(
    database: Database, statement: str, parameters: dict[str, int]
) -> None:
    with pytest.raises(DBAPIError):
        await database.execute(text(statement), parameters)


async def test_errors_contain_no_parameter_values(database: Database) -> None:
    """Errors are logged, and the values may be secret."""
    with pytest.raises(DBAPIError, match="nonsense") as caught:
        async with database.transaction() as connection:
            await connection.execute(text("SELECT nonsense, CAST(:note AS text)"), {"note": "planted"})
    assert "planted" not in str(caught.value)


@pytest.fixture
async def road(settings: Settings) -> AsyncIterator[tuple[DatabaseProxy, str]]:
    """Yield a proxy to the server and its socket folder, which must be short: a socket path holds about 103 bytes."""
    with TemporaryDirectory(dir="/tmp") as folder:
        async with proxy_to(settings.postgres_host, settings.postgres_port, Path(folder)) as road:
            yield road, folder


async def test_does_not_wait_for_a_database_proxy_that_hangs(
    settings: Settings, road: tuple[DatabaseProxy, str]
) -> None:
    way, folder = road
    limits = {"database_timeout": 1.0, "database_connect_timeout": 60, "database_pool_size": 2}
    async with changed(settings, postgres_host=folder, postgres_port=5432, **limits) as database:
        await asyncio.gather(ask(database), ask(database), examine(database))
        way.open.clear()
        for _ in range(2):  # first with open connections, then without
            started = time.monotonic()
            asked = (ask(database), work(database), *(ask(database) for _ in range(4)), examine(database))
            results = await asyncio.gather(*asked, return_exceptions=True)
            assert {type(result) for result in results} == {DatabaseUnavailable}
            assert "The database did not respond in time." in {str(result) for result in results}
            assert time.monotonic() - started < 20
        way.open.set()
        assert await asyncio.gather(*(ask(database) for _ in range(6))) == [1] * 6


@pytest.mark.parametrize("statement", [ONE, prepared(ONE)], ids=["by SQLAlchemy", "by the driver"])
async def test_raises_database_unavailable_if_the_connection_is_lost_when_it_is_used(
    narrow: Database, monkeypatch: pytest.MonkeyPatch, statement: Statement
) -> None:
    prepare = engine.Connection.prepare

    async def lose_and_prepare(connection: engine.Connection, *arguments: Any, **options: Any) -> object:
        connection.terminate()
        return await prepare(connection, *arguments, **options)

    with monkeypatch.context() as broken:
        broken.setattr(engine.Connection, "prepare", lose_and_prepare)
        with pytest.raises(DatabaseUnavailable):
            await narrow.execute(statement)
    assert await ask(narrow) == 1


async def test_raises_database_unavailable_if_the_connection_is_lost_during_its_setup(
    narrow: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLAlchemy prepares each new connection for JSON, and wraps no error of that."""
    teach = engine.Connection.set_type_codec

    async def lose_and_teach(connection: engine.Connection, *arguments: Any, **options: Any) -> None:
        connection.terminate()
        await teach(connection, *arguments, **options)

    with monkeypatch.context() as broken:
        broken.setattr(engine.Connection, "set_type_codec", lose_and_teach)
        for use in (ask, work):
            with pytest.raises(DatabaseUnavailable, match=r"^The database is unreachable\.$"):
                await use(narrow)
        with pytest.raises(DatabaseUnavailable):
            await examine(narrow)
    assert await ask(narrow) == 1
