"""An issuer, and a service that trusts it; both for a whole module, since nothing is changed of either."""

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
    """A client of the service, whose log is empty."""
    empty(sample_log)
    return trusting


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    """One that a test may change."""
    async with running_issuer() as issuer:
        yield issuer
