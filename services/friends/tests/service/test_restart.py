"""An instance keeps no state: after it stops, another one on the same database continues."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from friends_service.main import create_app
from friends_service.settings import Settings

from ..api.calls import PATH, befriend, between, problem
from ..booting import booted
from ..infrastructure.clients.users_stub import UsersStub, asking, running_stub


@pytest.fixture
async def users() -> AsyncIterator[UsersStub]:
    async with running_stub() as users:
        yield users


async def test_another_instance_reads_stored_friendships(settings: Settings, users: UsersStub) -> None:
    settings = asking(users, settings)
    ada, bob, eve = users.user(), users.user(), users.user()
    list_of_ada = f"/api/v1/users/{ada}/friendships"
    async with booted(create_app(settings)) as url, aiohttp.ClientSession(url) as client:
        first, second = await befriend(client, ada, bob, tag="school"), await befriend(client, eve, ada)
        async with client.get(list_of_ada, params={"limit": 1}) as response:
            cursor = (await response.json())["next_cursor"]
    async with booted(create_app(settings)) as url, aiohttp.ClientSession(url) as client:
        async with client.get(f"{PATH}/{second['id']}") as response:
            assert (response.status, await response.json()) == (200, second)
        async with client.get(list_of_ada, params={"cursor": cursor}) as response:
            assert (await response.json())["items"] == [first]
        async with client.post(PATH, json=between(bob, ada)) as response:
            await problem(response, 409, "friendship-exists")
