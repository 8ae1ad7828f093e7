"""Fixtures for every test of this service: a real PostgreSQL, and the booted service."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import aiohttp
import asyncpg
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from chassis.database import Database
from failures import PostgresUnavailable
from postgres.named import reachable_named_server
from postgres.server import postgres_environment

from friends_service.main import create_app
from friends_service.settings import Settings

from .booting import booted
from .databases import administrator, settings_for, temporary_database

# Property tests check results, not the speed of the machine.
hypothesis_settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("patient")

SERVICE_FOLDER = Path(__file__).parents[1]


def pytest_configure() -> None:
    """Stop with one line, instead of an error for each test, if POSTGRES_HOST names a server that cannot be reached."""
    try:
        reachable_named_server()
    except PostgresUnavailable as error:
        raise pytest.UsageError(error) from error


@pytest.fixture(scope="session")
def postgres() -> Iterator[dict[str, str]]:
    """Yield the POSTGRES_* variables of a throw-away server, or of the one that POSTGRES_HOST names."""
    with postgres_environment() as variables:
        yield variables


@pytest.fixture(scope="session")
async def migrated(postgres: dict[str, str]) -> AsyncIterator[str]:
    """Yield the name of a database at head, migrated once; the others are cloned from it."""
    async with temporary_database(postgres) as name:
        migrate = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "friends_service", "migrate"),
            cwd=SERVICE_FOLDER,
            env=os.environ | postgres | {"POSTGRES_DB": name, "PYTHONPATH": "src"},
        )
        assert await migrate.wait() == 0
        yield name


@pytest.fixture(scope="module")
async def database_name(postgres: dict[str, str], migrated: str) -> AsyncIterator[str]:
    """Yield the name of a clean database for each test module."""
    async with temporary_database(postgres, template=migrated) as name:
        yield name


@pytest.fixture
async def empty_database(postgres: dict[str, str]) -> AsyncIterator[str]:
    """Yield the name of a database without tables."""
    async with temporary_database(postgres) as name:
        yield name


@pytest.fixture
async def empty_connection(postgres: dict[str, str], empty_database: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection to the empty database."""
    async with administrator(postgres, empty_database) as connection:
        yield connection


@pytest.fixture(scope="module")
def settings(postgres: dict[str, str], database_name: str) -> Settings:
    """Return the settings under test."""
    return settings_for(Settings, postgres, database_name)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """Yield the database under test, as repositories see it."""
    async with Database(settings) as database:
        yield database


@pytest.fixture
async def connection(postgres: dict[str, str], database_name: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield a second connection to the database under test, which sees only what was committed."""
    async with administrator(postgres, database_name) as connection:
        yield connection


@pytest.fixture(scope="session")
def boot() -> Callable[[FastAPI], AbstractAsyncContextManager[str]]:
    """Return a function that serves another application than the service."""
    return booted


@pytest.fixture(scope="module")
async def base_url(settings: Settings) -> AsyncIterator[str]:
    """Yield the base URL of the service, booted on a clean database."""
    async with booted(create_app(settings)) as url:
        yield url


@pytest.fixture
async def client(base_url: str) -> AsyncIterator[aiohttp.ClientSession]:
    """Yield a client of the booted service."""
    async with aiohttp.ClientSession(base_url) as session:
        yield session
