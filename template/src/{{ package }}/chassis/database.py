"""The database: a bounded pool, one way to run a single statement and one to run several, and what may go wrong."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Final, Self

from asyncpg import PostgresError
from sqlalchemy import URL, MetaData
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from .. import SERVICE_NAME
from .errors import DatabaseUnavailable
from .settings import ChassisSettings

NAMING_CONVENTION: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLSTATE classes and codes with which PostgreSQL says "not now" (appendix A of its manual).
_TRANSIENT: Final = ("08", "53", "57", "40", "55P03", "25006", "28", "3D000")


class Base(DeclarativeBase):
    """The base of all ORM models; gives every constraint a predictable name, by which errors are recognised."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Database:
    """Connections to the service's own database, at most `database_pool_size` at a time.

    Nothing connects before the first use, so a service starts without its database and finds it later by itself.
    """

    def __init__(self, settings: ChassisSettings) -> None:
        self.engine = create_engine(settings)
        # SQLAlchemy's pool lets a newcomer overtake those who wait; a semaphore is first come, first served.
        self._slots = asyncio.Semaphore(settings.database_pool_size)
        self._wait = settings.database_pool_wait
        self._transactional = self.engine.execution_options(isolation_level="READ COMMITTED")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.engine.dispose()

    @asynccontextmanager
    async def statement(self) -> AsyncIterator[AsyncConnection]:
        """A connection for single statements, each committed by itself: one round trip instead of three."""
        async with self._slot():
            with translated_errors():
                async with self.engine.connect() as connection:
                    yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A connection for several statements that hold together; committed at the end, rolled back on any error."""
        async with self._slot():
            with translated_errors():
                async with self._transactional.begin() as connection:
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


def create_engine(settings: ChassisSettings) -> AsyncEngine:
    """An engine in AUTOCOMMIT whose every wait is bounded."""
    return create_async_engine(
        database_url(settings),
        isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None,
        pool_size=settings.database_pool_size,
        max_overflow=0,
        pool_timeout=settings.database_pool_wait,
        hide_parameters=True,
        connect_args={
            "timeout": settings.database_connect_timeout,
            # The server cancels first; this bounds the wait for one that does not answer at all.
            "command_timeout": settings.database_statement_timeout + 0.5,
            "server_settings": {
                "application_name": SERVICE_NAME,
                "statement_timeout": _milliseconds(settings.database_statement_timeout),
                "lock_timeout": _milliseconds(settings.database_lock_timeout),
                "idle_in_transaction_session_timeout": "10000",
                "timezone": "UTC",
            },
        },
    )


def database_url(settings: ChassisSettings) -> URL:
    """Where the database is; a host that begins with `/` is the folder of its Unix socket."""
    is_socket = settings.postgres_host.startswith("/")
    return URL.create(
        "postgresql+asyncpg",
        username=settings.postgres_user,
        password=settings.postgres_password.get_secret_value() or None,
        host=None if is_socket else settings.postgres_host,
        port=None if is_socket else settings.postgres_port,
        database=settings.postgres_db,
        query={"host": settings.postgres_host, "port": str(settings.postgres_port)} if is_socket else {},
    )


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise `DatabaseUnavailable` for what is the database's state and not the statement's fault."""
    try:
        yield
    except (OSError, TimeoutError, InterfaceError, OperationalError, PoolTimeoutError, PostgresError) as error:
        raise DatabaseUnavailable(_reason(error)) from error
    except DBAPIError as error:
        if error.connection_invalidated or sqlstate(error).startswith(_TRANSIENT):
            raise DatabaseUnavailable(_reason(error)) from error
        raise


@contextmanager
def constraint_errors(errors: Mapping[str, Exception]) -> Iterator[None]:
    """Raise the domain error that belongs to the violated constraint, found by its exact name."""
    try:
        yield
    except IntegrityError as error:
        name = getattr(driver_error(error), "constraint_name", None)
        if name in errors:
            raise errors[name] from error
        raise


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


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
