"""POST /api/v1/users."""

import asyncio
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import aiohttp
import asyncpg
import pytest

from .calls import PATH, new_user, problem, register

ROUNDS = 20
AT_ONCE = 20


async def test_registers_a_user_and_commits(client: aiohttp.ClientSession, connection: asyncpg.Connection) -> None:
    new = new_user(username="Ada.L-1_x")
    before = datetime.now(UTC)
    async with client.post(PATH, json=new) as response:
        assert response.status == 201
        user = await response.json()
        assert response.headers["Location"] == f"{PATH}/{user['id']}"
    assert user == new | {"id": user["id"], "created_at": user["created_at"]}
    assert UUID(user["id"]).version == 7
    row = await connection.fetchrow("SELECT * FROM users WHERE username = 'Ada.L-1_x'")
    assert row is not None
    assert (str(row["id"]), row["birthday"]) == (user["id"], date(1915, 12, 10))
    assert before <= row["created_at"] == datetime.fromisoformat(user["created_at"])


async def test_returns_times_in_utc_with_offset(client: aiohttp.ClientSession) -> None:
    user = await register(client)
    assert datetime.fromisoformat(user["created_at"]).utcoffset() == timedelta(0)


async def test_trims_and_normalises_text(client: aiohttp.ClientSession) -> None:
    user = await register(client, username="  spaced_out\t", first_name=" Zoe\u0308\n", second_name="\u3000山田\u3000")
    assert (user["username"], user["first_name"], user["second_name"]) == ("spaced_out", "Zoë", "山田")


@pytest.mark.parametrize("username", ["taken_one", "TAKEN_ONE", " Taken_One "])
async def test_refuses_a_taken_username_ignoring_case(
    client: aiohttp.ClientSession, connection: asyncpg.Connection, username: str
) -> None:
    await connection.execute("DELETE FROM users WHERE username = 'taken_one'")
    await register(client, username="taken_one")
    async with client.post(PATH, json=new_user(username=username)) as response:
        await problem(response, 409, "username-taken")
    assert await connection.fetchval("SELECT count(*) FROM users WHERE lower(username) = 'taken_one'") == 1


async def test_reports_all_errors_at_once(client: aiohttp.ClientSession) -> None:
    new = {"username": "x", "first_name": "1", "birthday": "soon", "is_admin": True}
    async with client.post(PATH, json=new) as response:
        document = await problem(response, 422, "invalid-request")
    pointers = {error["pointer"] for error in document["errors"]}
    assert pointers == {"#/username", "#/first_name", "#/second_name", "#/birthday", "#/is_admin"}


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b'"ada"', b"\xff", b'{"username": NaN}', b"[" * 100_000])
async def test_refuses_what_is_not_a_json_object(client: aiohttp.ClientSession, body: bytes) -> None:
    async with client.post(PATH, data=body, headers={"Content-Type": "application/json"}) as response:
        await problem(response, 422, "invalid-request")


async def test_concurrent_registrations_of_a_username_succeed_once(
    client: aiohttp.ClientSession, connection: asyncpg.Connection
) -> None:
    for number in range(ROUNDS):
        name = f"Wanted{number}"
        spellings = [name.upper() if each % 2 else name.lower() for each in range(AT_ONCE)]
        responses = await asyncio.gather(*(client.post(PATH, json=new_user(username=each)) for each in spellings))
        assert Counter(response.status for response in responses) == {201: 1, 409: AT_ONCE - 1}
        for response in responses:
            response.release()
    assert await connection.fetchval("SELECT count(*) FROM users WHERE username ILIKE 'wanted%'") == ROUNDS
