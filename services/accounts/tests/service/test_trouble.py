"""What a client gets while the database is frozen or password hashing is overloaded."""

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from accounts_service.infrastructure.database import signing_keys
from accounts_service.main import create_app
from accounts_service.settings import Settings

from ..api.calls import (
    CLIENT_SECRET,
    JWKS,
    PASSWORD,
    SESSIONS,
    TOKEN,
    basic,
    log_in,
    new_account,
    problem,
    refreshed,
    register,
)
from ..booting import booted
from ..chassis.database_proxy import proxy_to


async def test_responds_503_and_keeps_sessions_while_the_database_is_frozen(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_keys, "REMEMBERED", timedelta(seconds=0.2))
    async with proxy_to(settings.postgres_host, settings.postgres_port, tmp_path) as road:
        update = {"postgres_host": str(tmp_path), "postgres_port": 5432, "database_timeout": 1.0}
        app = create_app(settings.model_copy(update=update))
        async with booted(app) as url, aiohttp.ClientSession(url) as client:
            username = (await register(client))["username"]
            tokens = await log_in(client, username)
            async with client.get(JWKS) as response:
                keys = await response.json()
            road.open.clear()
            await asyncio.sleep(0.3)
            async with client.post(SESSIONS, json={"username": username, "password": PASSWORD}) as response:
                assert response.headers["Retry-After"]
                await problem(response, 503, "database-unavailable")
            assert (await refreshed(client, tokens["refresh_token"]))[0] == 503
            async with client.post("/api/v1/accounts", json=new_account()) as response:
                await problem(response, 503, "database-unavailable")
            # What needs no database still works: services can verify tokens and call each other.
            async with client.get(JWKS) as response:
                assert (response.status, await response.json()) == (200, keys)
            form = {"grant_type": "client_credentials"}
            async with client.post(TOKEN, data=form, headers=basic("friends", CLIENT_SECRET)) as response:
                assert response.status == 200
            road.open.set()
            await asyncio.sleep(0.3)
            assert await status_once_it_is_back(client, tokens["refresh_token"]) == 200


async def status_once_it_is_back(client: aiohttp.ClientSession, refresh_token: str) -> int:
    for _ in range(40):
        status, _ = await refreshed(client, refresh_token)
        if status != 503:
            return status
        await asyncio.sleep(0.5)
    return 503


async def test_responds_503_if_password_hashing_is_overloaded_and_serves_the_rest(settings: Settings) -> None:
    update = {
        "password_hashing_concurrency": 1,
        "password_hashing_wait": 0.1,
        "login_failures_per_address": 1000,
        "database_pool_wait": 20.0,
        "database_timeout": 20.0,
        "database_connect_timeout": 20.0,
    }
    app = create_app(settings.model_copy(update=update))
    async with booted(app) as url, aiohttp.ClientSession(url) as client:
        await client.get(JWKS)

        async def guess(number: int) -> int:
            async with client.post(SESSIONS, json={"username": f"nobody{number}", "password": "wrong"}) as response:
                if response.status == 503:
                    assert response.headers["Retry-After"] == "2"
                    await problem(response, 503, "too-many-logins")
                return response.status

        guesses = asyncio.gather(*map(guess, range(60)))
        async with client.get("/health/live") as response:
            assert response.status == 200
        counted = Counter(await guesses)
        assert counted[401] >= 1
        assert counted[503] >= 1
        assert counted.keys() == {401, 503}
