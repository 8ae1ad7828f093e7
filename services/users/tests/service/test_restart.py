"""An instance keeps no state: after it stops, another one on the same database continues."""

import aiohttp

from users_service.main import create_app
from users_service.settings import Settings

from ..api.calls import PATH, new_user, problem, register
from ..booting import booted


async def test_another_instance_reads_registered_users(settings: Settings) -> None:
    async with booted(create_app(settings)) as url, aiohttp.ClientSession(url) as client:
        first, second = await register(client), await register(client)
        async with client.get(PATH, params={"limit": 1}) as response:
            cursor = (await response.json())["next_cursor"]
    async with booted(create_app(settings)) as url, aiohttp.ClientSession(url) as client:
        async with client.get(f"{PATH}/{second['id']}") as response:
            assert (response.status, await response.json()) == (200, second)
        async with client.get(PATH, params={"cursor": cursor}) as response:
            assert (await response.json())["items"] == [first]
        async with client.post(PATH, json=new_user(username=first["username"])) as response:
            await problem(response, 409, "username-taken")
