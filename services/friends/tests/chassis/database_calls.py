"""What tests do with a database, and how they observe it."""

import asyncio
import contextvars
from collections.abc import Coroutine
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import text

from chassis.database import Database

from .sample_service.settings import Settings

Answer = TypeVar("Answer")

ADD = text("INSERT INTO things (id) VALUES (:id)")
ONE = text("SELECT 1")
SLEEP = text("SELECT pg_sleep(60)")
SLEEPING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"


def changed(settings: Settings, **changes: Any) -> Database:
    return Database(settings.model_copy(update=changes))


async def add(database: Database, thing: int) -> None:
    await database.execute(ADD, {"id": thing})


async def ask(database: Database) -> int:
    return int((await database.execute(ONE)).scalar_one())


async def examine(database: Database) -> None:
    """Query as the readiness check does."""
    async with database.spare() as spare:
        assert await spare.scalar(ONE) == 1


async def work(database: Database) -> None:
    """Query twice in a transaction."""
    async with database.transaction() as connection:
        for _ in range(2):
            assert await connection.scalar(ONE) == 1


async def apart(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run in a task outside of the open transaction."""
    return await asyncio.create_task(work, context=contextvars.Context())


async def use_all(database: Database, size: int) -> None:
    """Hold as many connections at once as the pool size, to prove that none is lost."""
    all_are_lent = asyncio.Barrier(size)

    async def hold() -> None:
        async with database.transaction() as connection:
            await connection.execute(ONE)
            await all_are_lent.wait()

    await asyncio.gather(*(hold() for _ in range(size)))


async def sleep(database: Database) -> None:
    await database.execute(SLEEP)


async def until(connection: asyncpg.Connection, number: str, expected: int) -> None:
    async with asyncio.timeout(20):
        while await connection.fetchval(number) != expected:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)
