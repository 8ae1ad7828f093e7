"""The issuer verifies its own tokens with the keys in its database, without HTTP."""

from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import pytest

from chassis.application import build_application
from chassis.authentication import signing_keys
from chassis.database import Database
from chassis.errors import DatabaseUnavailable

from ..conftest import Boot
from ..sample_service.settings import Settings
from .guarded import guarded_router, knows_keys, settings_of, status_of
from .issuer import Issuer, SigningKey


class OwnKeys:
    """Keys as if they came from a database."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.is_away = False
        self.asked = 0

    async def __call__(self) -> Sequence[Mapping[str, Any]]:
        self.asked += 1
        if self.is_away:
            raise DatabaseUnavailable("The database is away.")
        return self.issuer.jwks


@pytest.fixture
def own(issuer: Issuer) -> OwnKeys:
    return OwnKeys(issuer)


async def ready(client: aiohttp.ClientSession) -> int:
    return await status_of(client, "/health/ready")


async def test_verifies_tokens_with_its_own_keys(issuer: Issuer, own: OwnKeys, settings: Settings, boot: Boot) -> None:
    settings = settings_of(settings, issuer)
    app = build_application(settings, database=Database(settings), routers=[guarded_router()], problems=[], keys=own)
    async with boot(app) as url, aiohttp.ClientSession(url) as client:
        await knows_keys(client)
        assert await status_of(client, "/guarded/me", issuer.bearer()) == 200
        assert await status_of(client, "/guarded/me") == 401
        issuer.key = SigningKey("second")
        issuer.jwks.append(issuer.key.published)
        assert await status_of(client, "/guarded/me", issuer.bearer()) == 200
        own.is_away = True
        assert await status_of(client, "/guarded/me", issuer.bearer(jti="another")) == 200
        assert await ready(client) == 200
    assert own.asked == 2
    assert not issuer.paths


async def test_responds_503_until_its_own_keys_can_be_read(
    issuer: Issuer, own: OwnKeys, settings: Settings, boot: Boot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_keys, "RETRY_SECONDS", (0.05,))
    own.is_away = True
    settings = settings_of(settings, issuer)
    app = build_application(settings, database=Database(settings), routers=[guarded_router()], problems=[], keys=own)
    async with boot(app) as url, aiohttp.ClientSession(url) as client:
        assert await status_of(client, "/guarded/me", issuer.bearer()) == 503
        assert await status_of(client, "/guarded/open") == 200
        assert await ready(client) == 503
        own.is_away = False
        await knows_keys(client)
        assert await status_of(client, "/guarded/me", issuer.bearer()) == 200
        assert await ready(client) == 200
