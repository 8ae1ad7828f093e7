"""What still works while the users service is down, and the responses to everything else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import asyncpg
import pytest

from friends_service.settings import Settings

from ..infrastructure.clients.users_stub import UsersStub
from .calls import NOBODY, PATH, befriend, between, problem


@pytest.fixture(scope="module")
def settings(settings: Settings) -> Settings:
    """Return settings with short timeouts, which these tests wait for."""
    return settings.model_copy(update={"circuit_breaker_reset": 0.2, "http_client_total_timeout": 3.0})


@asynccontextmanager
async def away(users: UsersStub) -> AsyncIterator[None]:
    await users.stop()
    try:
        yield
    finally:
        await users.start()


async def test_responds_503_with_retry_after(
    client: aiohttp.ClientSession, users: UsersStub, connection: asyncpg.Connection
) -> None:
    begin, read = between(users.user(), users.user()), f"/api/v1/users/{users.user()}/friendships"
    async with away(users):
        for method, path, document in (("POST", PATH, begin), ("GET", read, None)):
            async with client.request(method, path, json=document) as response:
                assert "users" in (await problem(response, 503, "upstream-unavailable"))["detail"]
                assert int(response.headers["Retry-After"]) > 0
    begun = "SELECT count(*) FROM friendships WHERE initiator_id = $1"
    assert await connection.fetchval(begun, begin["initiator_id"]) == 0


async def test_does_not_report_a_user_as_unknown(client: aiohttp.ClientSession, users: UsersStub) -> None:
    async with away(users), client.post(PATH, json=between(users.user(), NOBODY)) as response:
        await problem(response, 503, "upstream-unavailable")


async def test_times_out_if_users_hangs(client: aiohttp.ClientSession, users: UsersStub) -> None:
    users.hangs = True
    try:
        async with client.post(PATH, json=between(users.user(), users.user())) as response:
            await problem(response, 504, "upstream-timeout")
            assert int(response.headers["Retry-After"]) > 0
    finally:
        users.hangs = False


async def test_serves_known_users(client: aiohttp.ClientSession, users: UsersStub) -> None:
    ada, bob, eve = users.user(), users.user(), users.user()
    await befriend(client, ada, bob)
    await befriend(client, bob, eve)
    async with away(users):
        friendship = await befriend(client, eve, ada)
        async with client.get(f"{PATH}/{friendship['id']}") as response:
            assert await response.json() == friendship
        async with client.get(f"/api/v1/users/{ada}/friendships") as response:
            assert len((await response.json())["items"]) == 2


async def test_refuses_a_friendship_with_oneself(client: aiohttp.ClientSession, users: UsersStub) -> None:
    async with away(users), client.post(PATH, json=between(NOBODY, NOBODY)) as response:
        await problem(response, 422, "self-friendship")


async def test_is_ready_and_recovers_when_users_is_back(client: aiohttp.ClientSession, users: UsersStub) -> None:
    pair = (users.user(), users.user())
    async with away(users):
        for _ in range(10):  # more than it takes to open the circuit
            async with client.post(PATH, json=between(*pair)) as response:
                await problem(response, 503, "upstream-unavailable")
        async with client.get("/health/ready") as response:
            assert response.status == 200
    async with asyncio.timeout(60):
        while True:
            async with client.post(PATH, json=between(*pair)) as response:
                if response.status == 201:
                    break
                await problem(response, 503, "upstream-unavailable")
            await asyncio.sleep(0.05)
