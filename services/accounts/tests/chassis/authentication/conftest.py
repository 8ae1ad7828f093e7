"""Fixtures shared by a whole module: an issuer that stays unchanged, and a service that trusts it."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from ..conftest import Boot
from ..log_reader import empty
from ..sample_service.settings import Settings
from .guarded import guarded, settings_of
from .issuer import Issuer, running_issuer


@pytest.fixture(scope="module")
async def trusted() -> AsyncIterator[Issuer]:
    async with running_issuer() as issuer:
        yield issuer


@pytest.fixture(scope="module")
async def trusting(trusted: Issuer, sample_settings: Settings, boot: Boot) -> AsyncIterator[aiohttp.ClientSession]:
    settings = settings_of(sample_settings, trusted, cors_allowed_origins=frozenset({"https://a.example"}))
    async with guarded(boot, settings) as client:
        yield client


@pytest.fixture
def service(trusting: aiohttp.ClientSession, sample_log: Path) -> aiohttp.ClientSession:
    """Yield a client of the service, with an empty log."""
    empty(sample_log)
    return trusting


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    """Yield an issuer that the test may change."""
    async with running_issuer() as issuer:
        yield issuer
