"""An instance keeps nothing to itself: after it was stopped, another one on the same database goes on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from accounts_service.main import create_app
from accounts_service.settings import Settings

from ..booting import booted

PATH = "/api/v1/accounts"


@asynccontextmanager
async def instance(settings: Settings) -> AsyncIterator[aiohttp.ClientSession]:
    async with booted(create_app(settings)) as url, aiohttp.ClientSession(url) as client:
        yield client


async def test_another_instance_has_what_one_stored(settings: Settings) -> None:
    async with instance(settings) as client, client.post(PATH, json={"name": "First"}) as response:
        assert response.status == 201
        created = await response.json()
    async with instance(settings) as client, client.get(f"{PATH}/{created['id']}") as response:
        assert (response.status, await response.json()) == (200, created)
