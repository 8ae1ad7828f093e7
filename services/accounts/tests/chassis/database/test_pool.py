"""A server that allows fewer connections than the pool size: requests wait for those that exist."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextvars import Context
from dataclasses import dataclass
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text

from chassis.database import Database
from chassis.errors import DatabaseUnavailable

from ..database_calls import ask, changed, examine, work
from ..sample_service.settings import Settings

SHORT_SLEEP = text("SELECT pg_sleep(0.02)")


@dataclass(frozen=True)
class Role:
    """A role of the server, managed by an administrator."""

    name: str
    connection: asyncpg.Connection

    async def allow(self, connections: int) -> None:
        await self.connection.execute(f"ALTER ROLE {self.name} CONNECTION LIMIT {connections}")

    async def disconnect(self) -> None:
        statement = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE usename = $1"
        await self.connection.execute(statement, self.name)


@pytest.fixture
async def role(connection: asyncpg.Connection) -> AsyncIterator[Role]:
    """Yield a role that may have two connections."""
    role = Role(f"test_{uuid4().hex}", connection)
    await connection.execute(f"CREATE ROLE {role.name} LOGIN CONNECTION LIMIT 2")
    yield role
    await role.disconnect()
    await connection.execute(f"DROP ROLE {role.name}")


@pytest.fixture
async def wide(settings: Settings, role: Role) -> AsyncIterator[Database]:
    """Yield a database whose pool is larger than the connection limit of the role."""
    async with changed(settings, postgres_user=role.name, database_pool_size=10) as database:
        yield database


async def sleep_shortly(database: Database) -> None:
    await database.execute(SHORT_SLEEP)


async def all_answers(database: Database) -> None:
    """Run many statements at once, in each way to use a connection, and fail if one is refused."""
    async with asyncio.timeout(60):
        await asyncio.gather(*(way(database) for _ in range(20) for way in (ask, sleep_shortly, work)))


async def test_requests_wait_for_an_existing_connection_if_no_more_are_allowed(
    wide: Database, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        await all_answers(wide)
    told = [record for record in caplog.records if "connections" in record.getMessage()]
    assert [(record.levelno, record.getMessage()) for record in told] == [
        (
            logging.WARNING,
            "the database server allows only 2 connections of DATABASE_POOL_SIZE=10; requests wait for them",
        )
    ]


async def test_requests_wait_if_connections_are_lost_and_fewer_are_allowed(wide: Database, role: Role) -> None:
    await role.allow(10)
    await all_answers(wide)
    await role.allow(1)
    await role.disconnect()
    for _ in range(10):  # let the event loop read the shutdown messages
        await asyncio.sleep(0.005)
    await all_answers(wide)


async def test_opens_more_connections_once_they_are_allowed(
    wide: Database, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.database.pool._CONTENT_SECONDS", 0.1)
    await all_answers(wide)
    await role.allow(10)
    await asyncio.sleep(0.2)
    await all_answers(wide)
    statement = "SELECT count(*) FROM pg_stat_activity WHERE usename = $1"
    assert await role.connection.fetchval(statement, role.name) > 2


async def test_pool_wait_limits_the_wait_for_an_allowed_connection(settings: Settings, role: Role) -> None:
    await role.allow(1)
    changes = {"postgres_user": role.name, "database_pool_wait": 0.2, "database_timeout": 60}
    async with changed(settings, database_pool_size=2, **changes) as database, database.transaction():
        async with asyncio.timeout(20):
            with pytest.raises(DatabaseUnavailable, match=r"^All database connections are busy\.$"):
                await asyncio.create_task(ask(database), context=Context())  # outside of the transaction
    # Without any connection there is nothing to wait for.
    await role.allow(0)
    async with changed(settings, postgres_user=role.name, database_pool_wait=600) as database, asyncio.timeout(20):
        for way in (ask, examine):
            with pytest.raises(DatabaseUnavailable, match=r"^The database has no free connections\.$"):
                await way(database)
