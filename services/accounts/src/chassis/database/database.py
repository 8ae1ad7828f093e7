"""The database of the service: one way to run a single statement, one to run several."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Self

import asyncpg
from sqlalchemy import Executable
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import DatabaseUnavailable
from chassis.fair_queue import FairQueue
from chassis.settings import ChassisSettings

from .connections import KeptConnections, driver_of
from .direct import DirectStatement, Rows, direct_statement
from .engine import create_engine
from .errors import translated_errors


class Database:
    """Connections to the service's own database, at most `database_pool_size` at a time.

    Nothing connects before the first use, so a service starts without its database and finds it later by itself.
    """

    def __init__(self, settings: ChassisSettings) -> None:
        self.engine = create_engine(settings, connections=settings.database_pool_size)
        self._transactional = self.engine.execution_options(isolation_level="READ COMMITTED")
        self._spare = create_engine(settings, connections=1)
        self._kept = KeptConnections(self.engine)
        self._queue = FairQueue(
            settings.database_pool_size,
            wait=min(settings.database_pool_wait, settings.database_timeout),
            refusal=lambda: DatabaseUnavailable("All database connections are busy."),
        )
        self._timeout = settings.database_timeout

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._kept.release_all()
        await self.engine.dispose()
        await self._spare.dispose()

    async def execute(self, statement: Executable, parameters: Mapping[str, object] | None = None) -> Rows:
        """Run a single statement, committed by itself in one round trip, and return its rows, if it has any."""
        direct = direct_statement(statement, tuple(parameters or ()))
        deadline = asyncio.get_running_loop().time() + self._timeout
        with translated_errors():
            if direct:
                async with self._queue:
                    return await self._run(direct, direct.arguments(parameters), deadline)
            async with asyncio.timeout_at(deadline), self._queue:
                self._kept.release()
                async with self.engine.connect() as connection:
                    result = await connection.execute(statement, parameters)
                    return list(result.all()) if result.returns_rows else []

    async def _run(self, statement: DirectStatement, arguments: Iterable[object], deadline: float) -> Rows:
        """Let the driver run it: SQLAlchemy's own way, through a greenlet, takes three times the CPU time."""
        connection = self._kept.borrow()
        if connection is None:
            async with asyncio.timeout_at(deadline):
                connection = await self._kept.connect()
        driver = driver_of(connection)
        try:
            async with asyncio.timeout_at(deadline):
                return statement.rows(await driver.fetch(statement.sql, *arguments))
        except asyncpg.IntegrityConstraintViolationError as error:
            raise IntegrityError(statement.sql, None, error, hide_parameters=True) from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            lost = driver.is_closed()
            raise DBAPIError(statement.sql, None, error, hide_parameters=True, connection_invalidated=lost) from error
        except (asyncio.CancelledError, TimeoutError):
            await asyncio.shield(driver.close())  # the answer may be on its way; the server is asked to stop
            raise
        finally:
            self._kept.give_back(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A connection for several statements that hold together; committed at the end, rolled back on any error."""
        with translated_errors():
            async with asyncio.timeout(self._timeout), self._queue:
                self._kept.release()
                async with self._transactional.begin() as connection:
                    yield connection

    @asynccontextmanager
    async def spare(self) -> AsyncIterator[AsyncConnection]:
        """The one connection that requests never take: load does not look like a broken database through it."""
        with translated_errors():
            async with asyncio.timeout(self._timeout), self._spare.connect() as connection:
                yield connection
