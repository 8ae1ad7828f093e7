"""The service under test, with a stub of the users service.

Every test of the API runs twice: without authentication, and with an access token for each request.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import UUID

import aiohttp
import pytest
from pydantic import SecretStr

from chassis.ids import new_id

from friends_service.settings import Settings

from ..chassis.authentication.issuer import CLIENT, Issuer, running_issuer
from ..databases import temporary_database
from ..infrastructure.clients.users_stub import UsersStub, asking, running_stub


@pytest.fixture(scope="module", params=[False, True], ids=["open", "authenticated"])
async def issuer(request: pytest.FixtureRequest) -> AsyncIterator[Issuer | None]:
    """Yield the issuer of access tokens; None without authentication."""
    if not request.param:
        yield None
        return
    async with running_issuer() as issuer:
        yield issuer


@pytest.fixture(scope="module")
async def running_users(issuer: Issuer | None) -> AsyncIterator[UsersStub]:  # noqa: ARG001 - each has other users
    """Yield the users service, for one run of a module."""
    async with running_stub() as users:
        yield users


@pytest.fixture
def users(running_users: UsersStub) -> UsersStub:
    """Return the users service without recorded calls."""
    running_users.calls.clear()
    running_users.tokens.clear()
    return running_users


@pytest.fixture(scope="module")
async def database_name(
    postgres: dict[str, str],
    migrated: str,
    issuer: Issuer | None,  # noqa: ARG001 - each has a database of its own
) -> AsyncIterator[str]:
    """Yield the name of a clean database for each run of a module."""
    async with temporary_database(postgres, template=migrated) as name:
        yield name


@pytest.fixture(scope="module")
def settings(settings: Settings, running_users: UsersStub, issuer: Issuer | None) -> Settings:
    """Return the settings under test, which point to the stub and trust the issuer."""
    settings = asking(running_users, settings)
    if issuer is None:
        return settings
    client_id, secret = CLIENT
    update = {"auth_issuer": issuer.name, "auth_client_id": client_id, "auth_client_secret": SecretStr(secret)}
    return settings.model_copy(update=update)


@pytest.fixture(scope="module")
async def base_url(base_url: str) -> str:
    """Yield the URL of the booted service, once it has the keys of its issuer."""
    async with aiohttp.ClientSession(base_url) as session, asyncio.timeout(60):
        while (await session.get("/health/ready")).status != 200:  # noqa: ASYNC110 - the service is what changes
            await asyncio.sleep(0.05)
    return base_url


@pytest.fixture
async def client(base_url: str, issuer: Issuer | None) -> AsyncIterator[aiohttp.ClientSession]:
    """Yield a client of the booted service that creates each friendship as its initiator."""

    async def as_initiator(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        if issuer and "Authorization" not in request.headers:
            body = await request.body.as_bytes() if isinstance(request.body, aiohttp.Payload) else b""
            request.headers.update(issuer.bearer(sub=_initiator(body) or str(new_id())))
        return await send(request)

    async with aiohttp.ClientSession(base_url, middlewares=(as_initiator,)) as session:
        yield session


def _initiator(body: bytes) -> str | None:
    try:
        return str(UUID(json.loads(body)["initiator_id"]))
    except (ValueError, TypeError, LookupError, AttributeError):
        return None
