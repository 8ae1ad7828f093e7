"""Connect to PostgreSQL: its URL, timeouts and pool."""

from typing import Any, Final

import asyncpg
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from chassis.settings import ChassisSettings

from .pool import ContentPool

_CLOSE_SECONDS: Final = 0.25
_LIMITS: Final = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
_RECYCLE_SECONDS: Final = 1800  # firewalls drop silent connections, and host names move to other servers
_ALLOW: Final = text(
    "SELECT set_config('statement_timeout', :limit, true),"
    " set_config('idle_in_transaction_session_timeout', :limit, true)"
)


class Connection(asyncpg.Connection):
    """A connection that detects a COMMIT that became a ROLLBACK, and does not wait long to close."""

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109 - not ours
        """Run it and return the status. Raises `InFailedSQLTransactionError` if a COMMIT became a ROLLBACK."""
        status = await super().execute(query, *args, timeout=timeout)
        if status == "ROLLBACK" and query.startswith("COMMIT"):
            raise asyncpg.InFailedSQLTransactionError(
                "Nothing was committed: a statement failed, its error was caught, and PostgreSQL rolled back the "
                "whole transaction. Put a statement that may fail into a nested transaction(), a savepoint."
            )
        return status

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - not our signature
        """Close within a quarter of a second, gracefully or not."""
        await super().close(timeout=min(timeout or _CLOSE_SECONDS, _CLOSE_SECONDS))


def create_engine(settings: ChassisSettings, *, connections: int) -> AsyncEngine:
    """Return an engine in AUTOCOMMIT, where the server limits the time of statements. Callers limit their own wait."""
    return create_async_engine(
        database_url(settings),
        isolation_level="AUTOCOMMIT",
        poolclass=ContentPool,
        pool_reset_on_return=None,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=settings.database_pool_wait,
        pool_recycle=_RECYCLE_SECONDS,
        hide_parameters=True,
        connect_args={
            "connection_class": Connection,
            "timeout": settings.database_connect_timeout,
            "server_settings": {
                "application_name": settings.identity.name,
                "statement_timeout": _milliseconds(settings.database_statement_timeout),
                "lock_timeout": _milliseconds(settings.database_lock_timeout),
                "idle_in_transaction_session_timeout": "10000",
                "timezone": "UTC",
            },
        },
    )


async def allow(connection: AsyncConnection, seconds: float) -> None:
    """Let each statement of this transaction, and each pause, take this many seconds."""
    await connection.execute(_ALLOW, {"limit": _milliseconds(seconds)})


def create_patient_engine(settings: ChassisSettings) -> AsyncEngine:
    """Return an engine for migrations, which may wait for each other and run for hours.

    It also disables timeouts set on the role or the database, as for a service behind PgBouncer.
    """
    return create_async_engine(
        database_url(settings),
        isolation_level="READ COMMITTED",
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={
            "timeout": settings.database_connect_timeout,
            "server_settings": {
                "application_name": f"{settings.identity.name}-migrate",
                **dict.fromkeys(_LIMITS, "0"),
                "timezone": "UTC",
            },
        },
    )


def database_url(settings: ChassisSettings) -> URL:
    """Return the URL of the database. A host that begins with `/` is the directory of its Unix socket."""
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


def _milliseconds(seconds: float) -> str:
    return str(max(1, round(seconds * 1000)))  # 0 means no limit
