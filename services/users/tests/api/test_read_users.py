"""GET /api/v1/users/{id}, …/{id}/exists and …/exists."""

import aiohttp
import pytest

from .calls import NOBODY, PATH, problem, register


async def test_returns_a_user_as_registered(client: aiohttp.ClientSession) -> None:
    user = await register(client)
    async with client.get(f"{PATH}/{user['id']}") as response:
        assert (response.status, response.content_type) == (200, "application/json")
        assert await response.json() == user


async def test_accepts_an_id_in_upper_case(client: aiohttp.ClientSession) -> None:
    user = await register(client)
    async with client.get(f"{PATH}/{user['id'].upper()}") as response:
        assert await response.json() == user


async def test_responds_404_for_an_unknown_user(client: aiohttp.ClientSession) -> None:
    async with client.get(f"{PATH}/{NOBODY}") as response:
        assert NOBODY in (await problem(response, 404, "user-not-found"))["detail"]


@pytest.mark.parametrize("path", ["1", "ada", "%00", "0" * 40, f"{NOBODY}x"])
@pytest.mark.parametrize("suffix", ["", "/exists"])
async def test_refuses_an_invalid_id(client: aiohttp.ClientSession, path: str, suffix: str) -> None:
    async with client.get(f"{PATH}/{path}{suffix}") as response:
        document = await problem(response, 422, "invalid-request")
    assert [error["pointer"] for error in document["errors"]] == ["#/path/user_id"]


async def test_responds_204_if_a_user_exists(client: aiohttp.ClientSession) -> None:
    user = await register(client)
    async with client.get(f"{PATH}/{user['id']}/exists") as response:
        assert (response.status, await response.read()) == (204, b"")


async def test_responds_404_if_a_user_does_not_exist(client: aiohttp.ClientSession) -> None:
    async with client.get(f"{PATH}/{NOBODY}/exists") as response:
        await problem(response, 404, "user-not-found")


async def test_splits_ids_by_existence_in_the_requested_order_without_duplicates(client: aiohttp.ClientSession) -> None:
    ada, bob = (await register(client))["id"], (await register(client))["id"]
    query = [("id", each) for each in (bob, NOBODY, ada, bob, NOBODY)]
    async with client.get(f"{PATH}/exists", params=query) as response:
        assert response.status == 200
        assert await response.json() == {"existing": [bob, ada], "missing": [NOBODY]}


async def test_accepts_a_hundred_ids(client: aiohttp.ClientSession) -> None:
    ada = (await register(client))["id"]
    missing = [f"00000000-0000-7000-8000-{number:012}" for number in range(99)]
    query = [("id", each) for each in (*missing, ada)]
    async with client.get(f"{PATH}/exists", params=query) as response:
        assert await response.json() == {"existing": [ada], "missing": missing}


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        pytest.param([], "#/query/id", id="none"),
        pytest.param([("id", NOBODY)] * 101, "#/query/id", id="too many"),
        pytest.param([("id", NOBODY), ("id", "ada")], "#/query/id/1", id="not an id"),
        pytest.param([("id", "")], "#/query/id/0", id="empty"),
    ],
)
async def test_refuses_missing_too_many_or_invalid_ids(
    client: aiohttp.ClientSession, query: list[tuple[str, str]], pointer: str
) -> None:
    async with client.get(f"{PATH}/exists", params=query) as response:
        document = await problem(response, 422, "invalid-request")
    assert [error["pointer"] for error in document["errors"]] == [pointer]
