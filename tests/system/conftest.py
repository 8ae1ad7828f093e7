"""Both services as real processes on one throw-away PostgreSQL, started once for all tests of this folder."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from callers import Caller

from postgres_server import PostgresServer
from system import System, running_system

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """The running services; who disturbs one puts it right again."""
    with running_system([ROOT / "services/users", ROOT / "services/friends"], ports="free") as system:
        yield system


@pytest.fixture
def postgres(system: System) -> PostgresServer:
    """The server below the services, to be disturbed."""
    if system.database is None:
        pytest.skip("POSTGRES_HOST names a server that is not ours")
    return system.database


@pytest.fixture
async def users(system: System) -> AsyncIterator[Caller]:
    """A caller of the users service."""
    async with Caller(system.url("users")) as caller:
        yield caller


@pytest.fixture
async def friends(system: System) -> AsyncIterator[Caller]:
    """A caller of the friends service."""
    async with Caller(system.url("friends")) as caller:
        yield caller
