"""The database: a bounded pool, one way to run a single statement and one to run several, and what may go wrong."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Final, Self

import asyncpg
from sqlalchemy import URL, MetaData, event
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import NullPool

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

# SQLSTATE classes and codes (appendix A of PostgreSQL's manual) with which it says "not now", or "not you": connection,
# login and database name, resources, locks, rollback, read-only after a failover, a plan cached before a migration.
_NOT_NOW: Final = ("08", "28", "3D000", "53", "57", "58", "55P03", "40", "25006", "0A000")
_CLOSE_SECONDS: Final = 0.25
_RECYCLE_SECONDS: Final = 1800  # firewalls forget silent connections, and names come to mean other servers


class Base(DeclarativeBase):
    """The base of all ORM models; gives every constraint a predictable name, by which errors are recognised."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Connection(asyncpg.Connection):
    """A connection that does not wait long for the farewell of a server that may be frozen or gone."""

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - not our signature
        """Close within a quarter of a second, politely or not."""
        await super().close(timeout=min(timeout or _CLOSE_SECONDS, _CLOSE_SECONDS))


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

    @asynccontextmanager
    async def statement(self) -> AsyncIterator[AsyncConnection]:
        """A connection for single statements, each committed by itself: one round trip instead of three."""
        with translated_errors():
            async with asyncio.timeout(self._timeout), self._slot(), self.engine.connect() as connection:
                yield connection

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


def create_engine(settings: ChassisSettings, *, connections: int) -> AsyncEngine:
    """An engine in AUTOCOMMIT whose every wait is bounded."""
    engine = create_async_engine(
        database_url(settings),
        isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=settings.database_pool_wait,
        pool_recycle=_RECYCLE_SECONDS,
        hide_parameters=True,
        connect_args={
            "connection_class": Connection,
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
    event.listen(engine.sync_engine, "checkout", _replace_if_closed)
    return engine


def create_patient_engine(settings: ChassisSettings) -> AsyncEngine:
    """An engine for migrations: they may wait for each other, and run for hours."""
    return create_async_engine(
        database_url(settings),
        isolation_level="READ COMMITTED",
        poolclass=NullPool,
        connect_args={
            "timeout": settings.database_connect_timeout,
            "server_settings": {"application_name": f"{SERVICE_NAME}-migrate", "timezone": "UTC"},
        },
    )


def _replace_if_closed(dbapi_connection: AsyncAdapt_asyncpg_connection, _record: object, _proxy: object) -> None:
    """Spare a request the connection that the server closed while it lay idle; costs no round trip."""
    if dbapi_connection.driver_connection.is_closed():
        raise DisconnectionError("closed by the server")


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


def _milliseconds(seconds: float) -> str:
    return str(max(1, round(seconds * 1000)))  # 0 would mean: no limit
