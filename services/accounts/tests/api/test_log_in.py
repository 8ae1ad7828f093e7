"""POST /api/v1/sessions."""

from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
import jwt
import pytest

from accounts_service.settings import Settings

from .calls import JWKS, PASSWORD, SESSIONS, log_in, parts, problem, register


async def test_issues_tokens_for_the_right_password(client: aiohttp.ClientSession, settings: Settings) -> None:
    account = await register(client)
    async with client.post(SESSIONS, json={"username": account["username"].upper(), "password": PASSWORD}) as response:
        assert (response.status, response.headers["Cache-Control"]) == (201, "no-store")
        tokens = await response.json()
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 600)
    header, claims = parts(tokens["access_token"])
    assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")
    assert claims.keys() == {"iss", "aud", "exp", "iat", "sub", "client_id", "jti"}
    assert (claims["sub"], claims["iss"], claims["aud"]) == (account["id"], settings.auth_issuer, "allium")
    assert claims["exp"] - claims["iat"] == 600


async def test_published_key_verifies_the_token(client: aiohttp.ClientSession) -> None:
    account = await register(client)
    tokens = await log_in(client, account["username"])
    async with client.get(JWKS) as response:
        assert response.headers["Cache-Control"] == "public, max-age=300"
        keys: list[dict[str, Any]] = (await response.json())["keys"]
    assert all("d" not in key for key in keys)
    key = jwt.PyJWKSet.from_dict({"keys": keys})[parts(tokens["access_token"])[0]["kid"]]
    claims = jwt.decode(tokens["access_token"], key, algorithms=["ES256"], audience="allium")
    assert claims["sub"] == account["id"]


async def test_accepts_the_username_as_typed_at_registration(client: aiohttp.ClientSession) -> None:
    typed = f"  u{uuid4().hex[:12]}\u00a0"
    assert (await register(client, username=typed))["username"] == typed.strip()
    await log_in(client, typed)


@pytest.mark.parametrize("password", ["", "wrong password", PASSWORD.upper(), PASSWORD + " ", "x" * 100_000])
async def test_refuses_a_wrong_password(client: aiohttp.ClientSession, password: str) -> None:
    account = await register(client)
    async with client.post(SESSIONS, json={"username": account["username"], "password": password}) as response:
        assert response.headers["WWW-Authenticate"] == "Bearer"
        await problem(response, 401, "wrong-credentials")


@pytest.mark.parametrize("username", ["nobody_here", "", "x" * 10_000, "ädmin", "%", "' OR 1=1 --"])
async def test_refuses_an_unknown_username_like_a_wrong_password(client: aiohttp.ClientSession, username: str) -> None:
    account = await register(client)
    async with client.post(SESSIONS, json={"username": account["username"], "password": "wrong"}) as response:
        of_known = await problem(response, 401, "wrong-credentials")
    async with client.post(SESSIONS, json={"username": username, "password": "wrong"}) as response:
        of_unknown = await problem(response, 401, "wrong-credentials")
    assert {**of_known, "request_id": ""} == {**of_unknown, "request_id": ""}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[]", b'{"username": "ada_l"}', b'{"username": 1, "password": 2}']
)
async def test_refuses_an_invalid_body(client: aiohttp.ClientSession, body: bytes) -> None:
    async with client.post(SESSIONS, data=body, headers={"Content-Type": "application/json"}) as response:
        await problem(response, 422, "invalid-request")


async def test_refuses_a_form(client: aiohttp.ClientSession) -> None:
    async with client.post(SESSIONS, data={"username": "ada_l", "password": PASSWORD}) as response:
        await problem(response, 415, "unsupported-media-type")


async def test_rehashes_a_password_with_outdated_parameters(
    client: aiohttp.ClientSession, connection: asyncpg.Connection
) -> None:
    from argon2 import PasswordHasher  # noqa: PLC0415 - one test

    account = await register(client)
    weak = PasswordHasher(memory_cost=8, time_cost=1, parallelism=1).hash(PASSWORD)
    await connection.execute("UPDATE accounts SET password_hash = $1 WHERE id = $2", weak, account["id"])
    await log_in(client, account["username"])
    kept = await connection.fetchval("SELECT password_hash FROM accounts WHERE id = $1", account["id"])
    assert "m=19456,t=2,p=1" in kept
    await log_in(client, account["username"])


async def test_limits_an_account_to_a_hundred_sessions(
    client: aiohttp.ClientSession, connection: asyncpg.Connection
) -> None:
    account = await register(client)
    await connection.execute(
        "INSERT INTO sessions (id, account_id, token_hash, created_at, expires_at) "
        "SELECT gen_random_uuid(), $1, ''::bytea, now(), now() + interval '1 day' FROM generate_series(1, 120)",
        account["id"],
    )
    await log_in(client, account["username"])
    assert await connection.fetchval("SELECT count(*) FROM sessions WHERE account_id = $1", account["id"]) == 100


async def test_deletes_expired_sessions(client: aiohttp.ClientSession, connection: asyncpg.Connection) -> None:
    old, new = await register(client), await register(client)
    await log_in(client, old["username"])
    await connection.execute("UPDATE sessions SET expires_at = now() - interval '1 s' WHERE account_id = $1", old["id"])
    await log_in(client, new["username"])
    assert await connection.fetchval("SELECT count(*) FROM sessions WHERE account_id = $1", old["id"]) == 0
