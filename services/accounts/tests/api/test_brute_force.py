"""Password guessing is rate limited without locking out the owner of the account."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import asyncpg
import pytest
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from accounts_service.main import create_app
from accounts_service.settings import Settings

from ..booting import booted
from .calls import ACCOUNTS, ME, PASSWORD, SESSIONS, bearer, log_in, problem, register

WRONG = "wrong"
PER_PAIR, PER_ADDRESS, PER_ACCOUNT = 4, 10, 6


@pytest.fixture
async def client(settings: Settings, connection: asyncpg.Connection) -> AsyncIterator[aiohttp.ClientSession]:
    await connection.execute("TRUNCATE login_attempts, known_addresses")
    strict = settings.model_copy(
        update={
            "login_failures_per_account_and_address": PER_PAIR,
            "login_failures_per_address": PER_ADDRESS,
            "login_failures_per_account": PER_ACCOUNT,
        }
    )
    app: Any = create_app(strict)
    proxied: Any = ProxyHeadersMiddleware(app, trusted_hosts="127.0.0.1")
    async with booted(proxied) as url, aiohttp.ClientSession(url) as session:
        yield session


async def guess(client: aiohttp.ClientSession, username: str, address: str, password: str = WRONG) -> int:
    body = {"username": username, "password": password}
    async with client.post(SESSIONS, json=body, headers={"X-Forwarded-For": address}) as response:
        if response.status == 429:
            await problem(response, 429, "too-many-attempts")
            assert 1 <= int(response.headers["Retry-After"]) <= 900
        return response.status


async def test_limits_guesses_per_address_and_account(client: aiohttp.ClientSession) -> None:
    username = (await register(client))["username"]
    statuses = await asyncio.gather(*(guess(client, username, "192.0.2.1") for _ in range(12)))
    assert Counter(statuses) == {401: PER_PAIR, 429: 12 - PER_PAIR}
    assert await guess(client, username, "192.0.2.1", PASSWORD) == 429
    assert await guess(client, username, "192.0.2.2", PASSWORD) == 201


async def test_limits_registrations_per_address(settings: Settings, connection: asyncpg.Connection) -> None:
    """Each one hashes a password, even for a taken name, so one address could keep all others from logging in."""
    await connection.execute("TRUNCATE login_attempts")
    app = create_app(settings.model_copy(update={"registrations_per_address": 3}))
    async with booted(app) as url, aiohttp.ClientSession(url) as client:
        username = (await register(client))["username"]
        taken = {"username": username, "password": PASSWORD}
        for status, slug in ((409, "username-taken"), (409, "username-taken"), (429, "too-many-attempts")):
            async with client.post(ACCOUNTS, json=taken) as response:
                await problem(response, status, slug)
                assert ("Retry-After" in response.headers) is (status == 429)
        async with client.post(ACCOUNTS, json={"username": "x", "password": PASSWORD}) as response:
            await problem(response, 422, "invalid-request")
        await log_in(client, username)


async def test_counts_guesses_regardless_of_case_and_spaces_of_the_username(client: aiohttp.ClientSession) -> None:
    username = (await register(client))["username"]
    names = [username, username.upper(), f" {username}", f"{username}\t\n", f"\u2003{username} "] * 2
    assert Counter([await guess(client, name, "192.0.2.1") for name in names]) == {401: PER_PAIR, 429: 10 - PER_PAIR}


async def test_limits_guesses_per_address(client: aiohttp.ClientSession) -> None:
    username = (await register(client))["username"]
    statuses = [await guess(client, f"nobody{number}", "192.0.2.1") for number in range(PER_ADDRESS + 2)]
    assert Counter(statuses) == {401: PER_ADDRESS, 429: 2}
    assert await guess(client, username, "192.0.2.1", PASSWORD) == 429
    assert await guess(client, username, "192.0.2.2", PASSWORD) == 201


async def test_counts_an_ipv6_network_as_one_address(client: aiohttp.ClientSession) -> None:
    username = (await register(client))["username"]
    statuses = [await guess(client, username, f"2001:db8::{number:x}") for number in range(10)]
    assert Counter(statuses) == {401: PER_PAIR, 429: 10 - PER_PAIR}


async def test_distributed_attack_does_not_lock_out_the_owner(client: aiohttp.ClientSession) -> None:
    username = (await register(client))["username"]
    assert await guess(client, username, "198.51.100.7", PASSWORD) == 201
    statuses = [await guess(client, username, f"192.0.2.{number}") for number in range(12)]
    assert Counter(statuses) == {401: PER_ACCOUNT, 429: 12 - PER_ACCOUNT}
    assert await guess(client, username, "203.0.113.1", PASSWORD) == 429
    assert await guess(client, username, "198.51.100.7", PASSWORD) == 201


async def test_allows_a_login_after_a_wait(client: aiohttp.ClientSession, connection: asyncpg.Connection) -> None:
    username = (await register(client))["username"]
    for _ in range(PER_PAIR):
        assert await guess(client, username, "192.0.2.1") == 401
    assert await guess(client, username, "192.0.2.1", PASSWORD) == 429
    await connection.execute("UPDATE login_attempts SET changed_at = changed_at - interval '5 min'")
    assert await guess(client, username, "192.0.2.1", PASSWORD) == 201


async def test_does_not_count_successful_logins(client: aiohttp.ClientSession) -> None:
    username = (await register(client))["username"]
    for _ in range(PER_ADDRESS * 2):
        await log_in(client, username)


async def test_counts_wrong_current_passwords_of_password_changes(client: aiohttp.ClientSession) -> None:
    tokens = await log_in(client, (await register(client))["username"])
    body = {"current_password": "wrong", "new_password": "another password"}
    statuses = []
    for _ in range(8):
        async with client.put(ME, json=body, headers=bearer(tokens)) as response:
            statuses.append(response.status)
    assert Counter(statuses) == {403: PER_PAIR, 429: 8 - PER_PAIR}


async def test_deletes_old_counts(client: aiohttp.ClientSession, connection: asyncpg.Connection) -> None:
    await connection.execute(
        "INSERT INTO login_attempts SELECT sha256(n::text::bytea), 1, false, now() - interval '1 h' "
        "FROM generate_series(1, 250) n"
    )
    for number in range(60):
        await guess(client, f"nobody{number}", f"192.0.2.{number}")
    count = "SELECT count(*) FROM login_attempts WHERE changed_at < now() - interval '30 min'"
    assert await connection.fetchval(count) == 0


async def test_stores_neither_addresses_nor_usernames(
    client: aiohttp.ClientSession, connection: asyncpg.Connection
) -> None:
    username = (await register(client))["username"]
    await guess(client, username, "192.0.2.99")
    rows = await connection.fetch("SELECT a::text AS text FROM login_attempts a")
    assert rows
    assert all("192.0.2.99" not in row["text"] and username not in row["text"] for row in rows)
