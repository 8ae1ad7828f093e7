"""Connections of SQLAlchemy's pool that stay at hand from one statement to the next."""

import asyncio
import time
from contextlib import suppress
from typing import Any, Final, TypeVarTuple, cast

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import PoolProxiedConnection

from .errors import is_of_server
from .pool import ContentPool
from .prepared import Prepared
from .results import PreparedResult

Columns = TypeVarTuple("Columns")

_KEPT_SECONDS: Final = 60.0  # now and then the pool has to see them, which replaces those that have grown old


class KeptConnections:
    """Lends connections without a way through the pool, which takes longer than a short statement.

    Measured on 2026-11-26: without it, getting a user takes 1.25 x the CPU time of a process, adding one 1.14 x.
    Who needs one from the pool itself calls `release` first: what is kept here is missing there.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._dialect: Any = engine.dialect
        self._kept: list[PoolProxiedConnection] = []

    async def run(self, statement: Prepared[*Columns], arguments: tuple[Any, ...]) -> PreparedResult[*Columns]:
        """Run a prepared statement by itself on one of them."""
        connection = self.borrow() or await self.connect()
        plans_since = self._dialect._invalidate_schema_cache_asof  # noqa: SLF001 - SQLAlchemy's own cursors ask it, too
        try:
            return await statement.run(connection, arguments, plans_since=plans_since)
        except DBAPIError as error:
            await settle(driver_of(connection), error)
            raise
        except asyncio.CancelledError:
            await asyncio.shield(driver_of(connection).close())  # the answer may be on its way; the server is told
            raise
        finally:
            self.give_back(connection)

    def borrow(self) -> PoolProxiedConnection | None:
        """Lend one that the server has not closed, if there is one at hand."""
        while self._kept:
            connection = self._kept.pop()
            if not driver_of(connection).is_closed() and time.monotonic() < connection.info["kept_until"]:
                return connection
            connection.close()
        return None

    async def connect(self) -> PoolProxiedConnection:
        """Lend one of the pool's, which may have to connect."""
        try:
            connection = await self._engine.raw_connection()
        except self._engine.dialect.loaded_dbapi.Error as error:  # engine.connect() would wrap it
            raise DBAPIError(None, None, error) from error
        connection.info["kept_until"] = time.monotonic() + _KEPT_SECONDS
        return connection

    def give_back(self, connection: PoolProxiedConnection) -> None:
        """Keep it for the next one; or leave it to the pool, if somebody waits there."""
        if cast("ContentPool", self._engine.pool).wanted:
            connection.close()
        else:
            self._kept.append(connection)

    def forget_plans(self) -> None:
        """Let every connection prepare its statements anew, and ask again what types there are."""
        self._dialect._invalidate_schema_cache()  # noqa: SLF001 - what SQLAlchemy does after its own DDL

    def release(self) -> None:
        """Leave one of them to the pool, if there is one."""
        if self._kept:
            self._kept.pop().close()

    def counts(self) -> dict[str, int]:
        """How many connections are used, and how many are open and idle."""
        pool = cast("ContentPool", self._engine.pool)
        kept = len(self._kept)
        return {"used": max(0, pool.checkedout() - kept), "idle": kept + pool.checkedin()}

    def release_all(self) -> None:
        """Leave all of them to the pool."""
        while self._kept:
            self.release()


async def settle(driver: asyncpg.Connection, error: DBAPIError) -> None:
    """Tell the server that a statement is over, if it was the driver that gave up: its parameters cannot be sent.

    The server was asked for a plan, and would keep the locks for it until it is asked for something else.
    """
    if not is_of_server(error) and not driver.is_closed():
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await driver.fetchrow(";")


def driver_of(connection: PoolProxiedConnection) -> asyncpg.Connection:
    """The connection as asyncpg knows it."""
    return cast("asyncpg.Connection", connection.driver_connection)
