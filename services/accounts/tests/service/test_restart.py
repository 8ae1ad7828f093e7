"""An instance keeps no state: after it stops, another one on the same database continues."""

import aiohttp

from accounts_service.main import create_app
from accounts_service.settings import Settings

from ..api.calls import JWKS, log_in, parts, refreshed, register
from ..booting import booted


async def test_another_instance_continues_with_accounts_sessions_and_keys(settings: Settings) -> None:
    async with booted(create_app(settings)) as url, aiohttp.ClientSession(url) as client:
        username = (await register(client))["username"]
        tokens = await log_in(client, username)
        async with client.get(JWKS) as response:
            keys = await response.json()
    async with booted(create_app(settings)) as url, aiohttp.ClientSession(url) as client:
        async with client.get(JWKS) as response:
            assert await response.json() == keys
        assert (await refreshed(client, tokens["refresh_token"]))[0] == 200
        again = await log_in(client, username)
        assert parts(again["access_token"])[0]["kid"] == keys["keys"][0]["kid"]
