"""The sample application, booted, with an empty log for each test."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import aiohttp
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from friends_service.chassis.settings import ChassisSettings

from .sample import application, empty

Boot = Callable[[FastAPI], AbstractAsyncContextManager[str]]


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
