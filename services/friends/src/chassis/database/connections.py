"""Keep connections of SQLAlchemy's pool between statements."""

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

_KEPT_SECONDS: Final = 60.0  # then they go back to the pool, which replaces old ones


class KeptConnections:
    """Lends connections without going through the pool, which takes longer than a short statement.

    Measured on 2026-11-26: without it, getting a user takes 1.25 x the CPU time, adding one 1.14 x.
    Call `release` before you take a connection from the pool itself: those kept here are missing there.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._dialect: Any = engine.dialect
        self._kept: list[PoolProxiedConnection] = []

    async def run(self, statement: Prepared[*Columns], arguments: tuple[Any, ...]) -> PreparedResult[*Columns]:
        """Run a prepared statement on one of the connections, and return its result."""
        connection = self.borrow() or await self.connect()
        plans_since = self._dialect._invalidate_schema_cache_asof  # noqa: SLF001 - SQLAlchemy's own cursors use it, too
        try:
            return await statement.run(connection, arguments, plans_since=plans_since)
        except DBAPIError as error:
            await settle(driver_of(connection), error)
            raise
        except asyncio.CancelledError:
            await asyncio.shield(driver_of(connection).close())  # the result may still be on its way; tell the server
            raise
        finally:
            self.give_back(connection)

    def borrow(self) -> PoolProxiedConnection | None:
        """Return a kept connection that is still open, or None."""
        while self._kept:
            connection = self._kept.pop()
            if not driver_of(connection).is_closed() and time.monotonic() < connection.info["kept_until"]:
                return connection
            connection.close()
        return None

    async def connect(self) -> PoolProxiedConnection:
        """Return a connection from the pool, which may have to connect. Raises `DBAPIError`."""
        try:
            connection = await self._engine.raw_connection()
        except self._engine.dialect.loaded_dbapi.Error as error:  # engine.connect() would wrap it
            raise DBAPIError(None, None, error) from error
        connection.info["kept_until"] = time.monotonic() + _KEPT_SECONDS
        return connection

    def give_back(self, connection: PoolProxiedConnection) -> None:
        """Keep the connection for the next statement, or return it to the pool if others wait there."""
        if cast("ContentPool", self._engine.pool).wanted:
            connection.close()
        else:
            self._kept.append(connection)

    def forget_plans(self) -> None:
        """Let all connections prepare their statements and look up types again."""
        self._dialect._invalidate_schema_cache()  # noqa: SLF001 - what SQLAlchemy does after its own DDL

    def release(self) -> None:
        """Return one kept connection to the pool, if there is one."""
        if self._kept:
            self._kept.pop().close()

    def counts(self) -> dict[str, int]:
        """Return the numbers of connections in use, and of those open and idle."""
        pool = cast("ContentPool", self._engine.pool)
        kept = len(self._kept)
        return {"used": max(0, pool.checkedout() - kept), "idle": kept + pool.checkedin()}

    def release_all(self) -> None:
        """Return all kept connections to the pool."""
        while self._kept:
            self.release()


async def settle(driver: asyncpg.Connection, error: DBAPIError) -> None:
    """Send an empty statement if the driver, not the server, refused a statement, such as for its parameters.

    The server has planned the refused statement, and keeps its locks until the next one.
    """
    if not is_of_server(error) and not driver.is_closed():
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await driver.fetchrow(";")


def driver_of(connection: PoolProxiedConnection) -> asyncpg.Connection:
    """Return asyncpg's connection."""
    return cast("asyncpg.Connection", connection.driver_connection)
