"""How the service connects to PostgreSQL: where, with which limits, and through which pool."""

from typing import Final

import asyncpg
from sqlalchemy import URL, event
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from chassis.settings import ChassisSettings

_CLOSE_SECONDS: Final = 0.25
_RECYCLE_SECONDS: Final = 1800  # firewalls forget silent connections, and names come to mean other servers


class Connection(asyncpg.Connection):
    """A connection that does not wait long for the farewell of a server that may be frozen or gone."""

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - not our signature
        """Close within a quarter of a second, politely or not."""
        await super().close(timeout=min(timeout or _CLOSE_SECONDS, _CLOSE_SECONDS))


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
                "application_name": settings.identity.name,
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
            "server_settings": {"application_name": f"{settings.identity.name}-migrate", "timezone": "UTC"},
        },
    )


def _replace_if_closed(connection: AsyncAdapt_asyncpg_connection, entry: ConnectionPoolEntry, _proxy: object) -> None:
    """Spare a request the connection that the server closed while it lay idle; costs no round trip."""
    if connection.driver_connection.is_closed():
        # Else the pool would close it once more, and lose the place of one who is cancelled meanwhile.
        entry.dbapi_connection = None  # type: ignore[misc]  # which hooks get to see is the class without slots
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


def _milliseconds(seconds: float) -> str:
    return str(max(1, round(seconds * 1000)))  # 0 would mean: no limit
