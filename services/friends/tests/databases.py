"""Databases for tests on a real PostgreSQL, and settings for them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar
from uuid import uuid4

import asyncpg
from pydantic import SecretStr

from chassis.settings import ChassisSettings

SettingsType = TypeVar("SettingsType", bound=ChassisSettings)


@asynccontextmanager
async def administrator(postgres: dict[str, str], database: str = "postgres") -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection as the superuser of the server."""
    connection = await asyncpg.connect(
        host=postgres["POSTGRES_HOST"],
        port=int(postgres["POSTGRES_PORT"]),
        user=postgres["POSTGRES_USER"],
        password=postgres["POSTGRES_PASSWORD"],
        database=database,
    )
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def temporary_database(postgres: dict[str, str], template: str = "template1") -> AsyncIterator[str]:
    """Create a database, yield its name, and drop it afterwards."""
    name = f"test_{uuid4().hex}"
    async with administrator(postgres) as connection:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        try:
            yield name
        finally:
            await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def settings_for(kind: type[SettingsType], postgres: dict[str, str], database_name: str) -> SettingsType:
    """Return settings for a database with timeouts for a busy machine, and defaults for everything else."""
    return kind(
        postgres_host=postgres["POSTGRES_HOST"],
        postgres_port=int(postgres["POSTGRES_PORT"]),
        postgres_user=postgres["POSTGRES_USER"],
        postgres_password=SecretStr(postgres["POSTGRES_PASSWORD"]),
        postgres_db=database_name,
        database_pool_wait=5,
        database_connect_timeout=5,
        database_timeout=10,
        drain_delay=0,
    )
