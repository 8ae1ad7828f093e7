"""The booted sample with an empty log for each test, an upstream stub, a test table and a one-connection pool."""

import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text

from chassis.database import Database

from ..databases import settings_for
from .database_calls import changed
from .log_reader import empty
from .sample_service.main import create_app
from .sample_service.settings import Settings
from .upstream.stub import Upstream

Boot = Callable[[FastAPI], AbstractAsyncContextManager[str]]


@pytest.fixture(autouse=True)
def logging_kept() -> Iterator[None]:
    """Restore logging after a test that builds an application, which redirects the log of the process."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    for handler in set(root.handlers) - set(handlers):
        with contextlib.suppress(OSError):  # for a test with a full disk
            handler.close()
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.fixture
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove all settings from the environment."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="module")
def settings(postgres: dict[str, str], database_name: str) -> Settings:
    """Return the settings of the sample, for a database with the tables of the service under test."""
    return settings_for(Settings, postgres, database_name)


@pytest.fixture(scope="module")
async def base_url(settings: Settings, boot: Boot) -> AsyncIterator[str]:
    """Yield the base URL of the sample on that database."""
    async with boot(create_app(settings)) as url:
        yield url


@pytest.fixture(scope="session")
def sample_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "lines"


@pytest.fixture(scope="session")
def sample_settings(sample_log: Path) -> Settings:
    return Settings(
        log_file=sample_log,
        postgres_host="localhost",
        postgres_password=SecretStr("planted-dsn-password"),
        drain_delay=0,
    )


@pytest.fixture(scope="module")
async def sample_url(sample_settings: Settings, boot: Boot) -> AsyncIterator[str]:
    async with boot(create_app(sample_settings)) as url:
        yield url


@pytest.fixture
async def sample(sample_url: str, sample_log: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """Yield a client of the sample application."""
    empty(sample_log)
    async with aiohttp.ClientSession(sample_url) as session:
        yield session


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    upstream = Upstream()
    runner = web.ServerRunner(web.Server(upstream.answer), handle_signals=False, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    upstream.url = "http://{}:{}".format(*runner.addresses[0])
    yield upstream
    await runner.cleanup()


@pytest.fixture(scope="module")
async def things(settings: Settings) -> None:
    async with Database(settings) as database:
        await database.execute(text("CREATE TABLE things (id int CONSTRAINT pk_things PRIMARY KEY)"))


@pytest.fixture
async def narrow(settings: Settings) -> AsyncIterator[Database]:
    """Yield a database with one connection, short waits, and enough time to interrupt a statement."""
    patience = {"database_timeout": 30, "database_statement_timeout": 30}
    async with changed(settings, database_pool_size=1, database_pool_wait=0.1, **patience) as database:
        yield database
