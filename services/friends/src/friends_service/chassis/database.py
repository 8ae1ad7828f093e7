"""The database: a bounded pool, one way to run a single statement and one to run several, and what may go wrong."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, Self

from sqlalchemy import Executable, MetaData, Row
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.util import greenlet_spawn

from .engine import create_engine
from .errors import DatabaseUnavailable
from .settings import ChassisSettings

NAMING_CONVENTION: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLSTATE classes and codes (appendix A of PostgreSQL's manual) with which it says "not now", or "not you": connection,
# login and database name, resources, locks, rollback, read-only after a failover, a plan cached before a migration.
_NOT_NOW: Final = ("08", "28", "3D000", "53", "57", "58", "55P03", "40", "25006", "0A000")

Rows = Sequence[Row[Any]]


class Base(DeclarativeBase):
    """The base of all ORM models; gives every constraint a predictable name, by which errors are recognised."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Database:
    """Connections to the service's own database, at most `database_pool_size` at a time.

    Nothing connects before the first use, so a service starts without its database and finds it later by itself.
    """

    def __init__(self, settings: ChassisSettings) -> None:
        self.engine = create_engine(settings, connections=settings.database_pool_size)
        self._transactional = self.engine.execution_options(isolation_level="READ COMMITTED")
        self._spare = create_engine(settings, connections=1)
        # SQLAlchemy's pool lets a newcomer overtake those who wait; a semaphore is first come, first served.
        self._slots = asyncio.Semaphore(settings.database_pool_size)
        self._wait = settings.database_pool_wait
        self._timeout = settings.database_timeout

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.engine.dispose()
        await self._spare.dispose()

    async def execute(self, statement: Executable, parameters: Mapping[str, object] | None = None) -> Rows:
        """Run a single statement, committed by itself in one round trip, and return its rows, if it has any."""
        with translated_errors():
            async with asyncio.timeout(self._timeout), self._slot():
                # One greenlet for checkout, statement and return; AsyncConnection makes three and a task.
                return await greenlet_spawn(self._execute, statement, parameters)

    def _execute(self, statement: Executable, parameters: Mapping[str, object] | None) -> Rows:
        with self.engine.sync_engine.connect() as connection:
            result = connection.execute(statement, parameters)
            return result.all() if result.returns_rows else ()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A connection for several statements that hold together; committed at the end, rolled back on any error."""
        with translated_errors():
            async with asyncio.timeout(self._timeout), self._slot(), self._transactional.begin() as connection:
                yield connection

    @asynccontextmanager
    async def spare(self) -> AsyncIterator[AsyncConnection]:
        """The one connection that requests never take: load does not look like a broken database through it."""
        with translated_errors():
            async with asyncio.timeout(self._timeout), self._spare.connect() as connection:
                yield connection

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        if self._slots.locked():
            await self._queue()
        else:
            await self._slots.acquire()
        try:
            yield
        finally:
            self._slots.release()

    async def _queue(self) -> None:
        try:
            async with asyncio.timeout(self._wait):
                await self._slots.acquire()
        except TimeoutError:
            raise DatabaseUnavailable("All database connections are busy.") from None


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise `DatabaseUnavailable` for what is the database's state and not the statement's fault."""
    try:
        yield
    except (OSError, TimeoutError, PoolTimeoutError) as error:
        raise DatabaseUnavailable(_reason(error)) from error
    except DBAPIError as error:
        if error.connection_invalidated or sqlstate(error).startswith(_NOT_NOW):
            raise DatabaseUnavailable(_reason(error)) from error
        raise


@contextmanager
def constraint_errors(errors: Mapping[str, Exception]) -> Iterator[None]:
    """Raise the domain error that belongs to the violated constraint, found by its exact name."""
    try:
        yield
    except IntegrityError as error:
        domain_error = errors.get(getattr(driver_error(error), "constraint_name", None) or "")
        if domain_error is None:
            raise
        raise domain_error from error


def driver_error(error: SQLAlchemyError) -> BaseException | None:
    """The asyncpg exception below SQLAlchemy's wrappers."""
    original = getattr(error, "orig", None)
    return original.__cause__ if original is not None and original.__cause__ is not None else original


def sqlstate(error: SQLAlchemyError) -> str:
    """PostgreSQL's five-character error code; empty if the error did not come from the server."""
    return getattr(driver_error(error), "sqlstate", None) or ""


def _reason(error: Exception) -> str:
    """A sentence for the client; the log has the cause."""
    timed_out = isinstance(error, TimeoutError) or (isinstance(error, DBAPIError) and sqlstate(error) == "57014")
    return "The database did not answer in time." if timed_out else "The database cannot be reached."
