"""Every test of the API runs twice: without authentication, and with an access token for each request."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from chassis.ids import new_id

from users_service.settings import Settings

from ..chassis.authentication.issuer import Issuer, running_issuer
from ..databases import temporary_database
from .calls import PATH


@pytest.fixture(scope="module", params=[False, True], ids=["open", "authenticated"])
async def issuer(request: pytest.FixtureRequest) -> AsyncIterator[Issuer | None]:
    """Yield the issuer of access tokens; None without authentication."""
    if not request.param:
        yield None
        return
    async with running_issuer() as issuer:
        yield issuer


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
def settings(settings: Settings, issuer: Issuer | None) -> Settings:
    """Return the settings under test, which trust the issuer."""
    return settings.model_copy(update={"auth_issuer": issuer.name}) if issuer else settings


@pytest.fixture(scope="module")
async def base_url(base_url: str) -> str:
    """Yield the URL of the booted service, once it has the keys of its issuer."""
    async with aiohttp.ClientSession(base_url) as session, asyncio.timeout(60):
        while (await session.get("/health/ready")).status != 200:  # noqa: ASYNC110 - the service is what changes
            await asyncio.sleep(0.05)
    return base_url


@pytest.fixture
async def client(base_url: str, issuer: Issuer | None) -> AsyncIterator[aiohttp.ClientSession]:
    """Yield a client of the booted service that registers each user with its own account."""

    async def as_somebody(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        if issuer and "Authorization" not in request.headers:
            subject = str(new_id()) if request.url.path == PATH else "friends"
            request.headers.update(issuer.bearer(sub=subject, scope="users:exists"))
        return await send(request)

    async with aiohttp.ClientSession(base_url, middlewares=(as_somebody,)) as session:
        yield session
