"""Inspect the database of a service directly, and kill its server."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from postgres.server import PostgresServer
from system.service_process import ServiceProcess


@asynccontextmanager
async def database_of(service: ServiceProcess) -> AsyncIterator[asyncpg.Connection]:
    """Yield a separate connection to the database of a service."""
    environment = service.environment
    connection = await asyncpg.connect(
        host=environment["POSTGRES_HOST"],
        port=int(environment["POSTGRES_PORT"]),
        user=environment["POSTGRES_USER"],
        password=environment["POSTGRES_PASSWORD"],
        database=environment["POSTGRES_DB"],
    )
    try:
        yield connection
    finally:
        await connection.close()


async def busy_connections(connection: asyncpg.Connection) -> int:
    """Return how many other connections are active in this database."""
    await connection.execute("SELECT pg_stat_clear_snapshot()")  # constant during a transaction
    return int(
        await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid != pg_backend_pid() AND state != 'idle'"
        )
    )


def kill_nine(postgres: PostgresServer) -> None:
    """Kill the server and its children with SIGKILL, so that none can say goodbye to its clients."""
    postmaster = postgres._watchdog.process
    assert postmaster
    stats = [path.read_text().rsplit(")", 1) for path in Path("/proc").glob("[0-9]*/stat")]
    children = [int(name.split()[0]) for name, rest in stats if rest.split()[1] == str(postmaster.pid)]
    for pid in (postmaster.pid, *children):
        os.kill(pid, signal.SIGKILL)
    postmaster.wait()
