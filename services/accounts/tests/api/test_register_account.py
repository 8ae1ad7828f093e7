"""POST /api/v1/accounts."""

# ruff: noqa: RUF001 - similar letters of several scripts

import asyncio
from collections import Counter
from uuid import UUID

import aiohttp
import asyncpg
import pytest

from .calls import ACCOUNTS, PASSWORD, log_in, new_account, problem, register


async def test_registers_an_account_and_commits(client: aiohttp.ClientSession, connection: asyncpg.Connection) -> None:
    async with client.post(ACCOUNTS, json=new_account(username="  Ada.L-1_x ")) as response:
        assert response.status == 201
        account = await response.json()
        assert response.headers["Location"] == f"{ACCOUNTS}/{account['id']}"
    assert account == {"id": account["id"], "username": "Ada.L-1_x"}
    assert UUID(account["id"]).version == 7
    row = await connection.fetchrow("SELECT * FROM accounts WHERE username = 'Ada.L-1_x'")
    assert row is not None
    assert row["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize("username", ["taken_one", "TAKEN_ONE", " Taken_One "])
async def test_refuses_a_taken_username_ignoring_case(
    client: aiohttp.ClientSession, connection: asyncpg.Connection, username: str
) -> None:
    await connection.execute("DELETE FROM accounts WHERE username = 'taken_one'")
    await register(client, username="taken_one")
    async with client.post(ACCOUNTS, json=new_account(username=username)) as response:
        await problem(response, 409, "username-taken")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("username", value) for value in ("", "abc", "a" * 21, "ada lovelace", "аdmin", "ada\x00l", None, 1234)),
        *(("password", value) for value in ("", "1234567", "x" * 129, "x" * 100_000, "e\u0301" * 600, None, 12345678)),
        *(("password", value) for value in ("ab\x00cdefgh", "abcdefg\ud800")),
    ],
    ids=lambda value: f"{ascii(value)[:20]} of {len(str(value))}",
)
async def test_refuses_invalid_fields_with_a_pointer(client: aiohttp.ClientSession, field: str, value: object) -> None:
    async with client.post(ACCOUNTS, json=new_account(**{field: value})) as response:
        document = await problem(response, 422, "invalid-request")
    assert [error["pointer"] for error in document["errors"]] == [f"#/{field}"]


async def test_refuses_the_username_as_password(client: aiohttp.ClientSession) -> None:
    async with client.post(ACCOUNTS, json={"username": "lovelace", "password": "LoveLace"}) as response:
        document = await problem(response, 422, "invalid-request")
    assert [error["pointer"] for error in document["errors"]] == ["#/password"]


@pytest.mark.parametrize(
    "password", ["пароль из слов", "  spaces  ", "x" * 128, "🔑🔑🔑🔑🔑🔑🔑🔑", "Zo\u0308e ist da"]
)
async def test_accepts_passwords_of_any_characters(client: aiohttp.ClientSession, password: str) -> None:
    account = await register(client, password=password)
    await log_in(client, account["username"], password)


async def test_accepts_a_password_in_another_unicode_composition(client: aiohttp.ClientSession) -> None:
    account = await register(client, password="Zoë ist da")
    await log_in(client, account["username"], "Zoe\u0308 ist da")


async def test_concurrent_registrations_of_a_username_succeed_once(client: aiohttp.ClientSession) -> None:
    spellings = ["WANTED" if number % 2 else "wanted" for number in range(10)]
    responses = await asyncio.gather(*(client.post(ACCOUNTS, json=new_account(username=each)) for each in spellings))
    assert Counter(response.status for response in responses) == {201: 1, 409: 9}
    for response in responses:
        response.release()


async def test_database_contains_no_password(client: aiohttp.ClientSession, connection: asyncpg.Connection) -> None:
    await register(client)
    rows = await connection.fetch("SELECT a::text FROM accounts a")
    assert all(PASSWORD not in row["a"] for row in rows)
