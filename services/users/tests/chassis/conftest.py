"""The sample application, booted, with an empty log for each test; an upstream service; a table and a narrow pool."""

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

from users_service.chassis.database import Database
from users_service.chassis.settings import ChassisSettings
from users_service.settings import Settings

from .asking import changed
from .sample import application, empty
from .upstream import Upstream

Boot = Callable[[FastAPI], AbstractAsyncContextManager[str]]


@pytest.fixture(autouse=True)
def logging_kept() -> Iterator[None]:
    """Give logging back as it was: a test that makes an application of its own sends the process's log elsewhere."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.fixture(scope="session")
def sample_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "lines"


@pytest.fixture(scope="session")
def sample_settings(sample_log: Path) -> ChassisSettings:
    return ChassisSettings(
        log_file=sample_log,
        postgres_host="localhost",
        postgres_password=SecretStr("planted-dsn-password"),
        drain_delay=0,
    )


@pytest.fixture(scope="module")
async def sample_url(sample_settings: ChassisSettings, boot: Boot) -> AsyncIterator[str]:
    async with boot(application(sample_settings)) as url:
        yield url


@pytest.fixture
async def sample(sample_url: str, sample_log: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the sample application."""
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
    """A database with one connection, for which nobody waits long, and time for a statement to be interrupted."""
    patience = {"database_timeout": 30, "database_statement_timeout": 30}
    async with changed(settings, database_pool_size=1, database_pool_wait=0.1, **patience) as database:
        yield database
