"""POST /oauth/token with a refresh token, and POST /oauth/revoke."""

import asyncio
from typing import Any

import aiohttp
import asyncpg
import pytest

from .calls import FORM, REVOKE, TOKEN, basic, bearer, parts, refreshed, refusal, session

AT_ONCE = 8


async def past_the_grace(connection: asyncpg.Connection) -> None:
    """Move all sessions past the grace period."""
    await connection.execute("UPDATE sessions SET rotated_at = rotated_at - interval '11 s'")


async def test_refresh_returns_the_next_tokens(client: aiohttp.ClientSession) -> None:
    tokens = await session(client)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    async with client.post(TOKEN, data=form) as response:
        assert (response.status, response.headers["Cache-Control"]) == (200, "no-store")
        next_tokens = await response.json()
    assert next_tokens.keys() == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert next_tokens["refresh_token"] != tokens["refresh_token"]
    assert parts(next_tokens["access_token"])[1]["sub"] == parts(tokens["access_token"])[1]["sub"]
    assert parts(next_tokens["access_token"])[1]["jti"] != parts(tokens["access_token"])[1]["jti"]
    assert (await refreshed(client, next_tokens["refresh_token"]))[0] == 200


async def test_concurrent_refreshes_rotate_once_and_get_the_same_token(
    client: aiohttp.ClientSession, connection: asyncpg.Connection
) -> None:
    for _ in range(5):
        tokens = await session(client)
        answers = await asyncio.gather(*(refreshed(client, tokens["refresh_token"]) for _ in range(AT_ONCE)))
        assert {status for status, _ in answers} == {200}
        assert len({body["refresh_token"] for _, body in answers}) == 1
        assert (await refreshed(client, answers[0][1]["refresh_token"]))[0] == 200
    assert await connection.fetchval("SELECT count(*) FROM sessions WHERE previous_hash IS NOT NULL") >= 5


async def test_repeats_a_lost_response_within_the_grace_period(client: aiohttp.ClientSession) -> None:
    tokens = await session(client)
    _, lost = await refreshed(client, tokens["refresh_token"])
    status, again = await refreshed(client, tokens["refresh_token"])
    assert (status, again["refresh_token"]) == (200, lost["refresh_token"])


async def test_reuse_after_the_grace_period_ends_the_session(
    client: aiohttp.ClientSession, connection: asyncpg.Connection
) -> None:
    tokens = await session(client)
    _, stolen = await refreshed(client, tokens["refresh_token"])
    await past_the_grace(connection)
    assert (await refreshed(client, tokens["refresh_token"]))[1]["error"] == "invalid_grant"
    assert (await refreshed(client, stolen["refresh_token"]))[1]["error"] == "invalid_grant"


async def test_reuse_of_a_token_two_generations_old_ends_the_session_at_once(client: aiohttp.ClientSession) -> None:
    first = await session(client)
    _, second = await refreshed(client, first["refresh_token"])
    _, third = await refreshed(client, second["refresh_token"])
    assert (await refreshed(client, first["refresh_token"]))[0] == 400
    assert (await refreshed(client, third["refresh_token"]))[0] == 400


async def test_reuse_ends_no_other_session(client: aiohttp.ClientSession) -> None:
    first, other = await session(client), await session(client)
    _, second = await refreshed(client, first["refresh_token"])
    await refreshed(client, second["refresh_token"])
    assert (await refreshed(client, first["refresh_token"]))[0] == 400
    assert (await refreshed(client, other["refresh_token"]))[0] == 200


async def test_refuses_a_refresh_of_an_expired_session(
    client: aiohttp.ClientSession, connection: asyncpg.Connection
) -> None:
    tokens = await session(client)
    account_id = parts(tokens["access_token"])[1]["sub"]
    await connection.execute("UPDATE sessions SET expires_at = now() WHERE account_id = $1", account_id)
    assert (await refreshed(client, tokens["refresh_token"]))[1]["error"] == "invalid_grant"


async def test_database_contains_no_token(client: aiohttp.ClientSession, connection: asyncpg.Connection) -> None:
    tokens = await session(client)
    _, following = await refreshed(client, tokens["refresh_token"])
    from base64 import urlsafe_b64decode  # noqa: PLC0415 - one test

    rows = await connection.fetch("SELECT s::text FROM sessions s")
    for token in (tokens["refresh_token"], following["refresh_token"]):
        secret = urlsafe_b64decode(token)[16:].hex()
        assert all(secret not in row["s"] and token not in row["s"] for row in rows)


@pytest.mark.parametrize("token", ["x", "A" * 64, "A" * 63, "ä" * 64, "=" * 64, "-" * 64, "a.b.c", "A" * 100_000])
async def test_refuses_invalid_refresh_tokens(client: aiohttp.ClientSession, token: str) -> None:
    status, body = await refreshed(client, token)
    assert (status, body["error"]) == (400, "invalid_grant")


async def test_refuses_a_client_that_refreshes_a_session_of_a_person(client: aiohttp.ClientSession) -> None:
    tokens = await session(client)
    from .calls import CLIENT_SECRET  # noqa: PLC0415 - one test

    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    async with client.post(TOKEN, data=form, headers=basic("friends", CLIENT_SECRET)) as response:
        await refusal(response, 400, "invalid_grant")
    async with client.post(TOKEN, data=form | {"client_id": "other"}) as response:
        await refusal(response, 400, "invalid_grant")
    async with client.post(TOKEN, data=form | {"scope": "users:exists"}) as response:
        await refusal(response, 400, "invalid_scope")
    assert (await refreshed(client, tokens["refresh_token"]))[0] == 200


async def test_revocation_ends_the_session(client: aiohttp.ClientSession) -> None:
    tokens = await session(client)
    async with client.post(REVOKE, data={"token": tokens["refresh_token"], "token_type_hint": "refresh_token"}) as it:
        assert (it.status, await it.read()) == (200, b"")
    assert (await refreshed(client, tokens["refresh_token"]))[1]["error"] == "invalid_grant"
    async with client.post(REVOKE, data={"token": tokens["refresh_token"]}) as response:
        assert response.status == 200


async def test_revocation_of_an_old_token_ends_the_session(client: aiohttp.ClientSession) -> None:
    tokens = await session(client)
    _, following = await refreshed(client, tokens["refresh_token"])
    async with client.post(REVOKE, data={"token": tokens["refresh_token"]}) as response:
        assert response.status == 200
    assert (await refreshed(client, following["refresh_token"]))[0] == 400


async def test_refuses_the_revocation_of_an_access_token(client: aiohttp.ClientSession) -> None:
    tokens = await session(client)
    async with client.post(REVOKE, data={"token": tokens["access_token"]}) as response:
        await refusal(response, 400, "unsupported_token_type")


@pytest.mark.parametrize("form", [{}, {"token": ""}, {"refresh_token": "x"}])
async def test_refuses_a_revocation_without_a_token(client: aiohttp.ClientSession, form: dict[str, Any]) -> None:
    async with client.post(REVOKE, data=form, headers={"Content-Type": FORM}) as response:
        await refusal(response, 400, "invalid_request")


async def test_ignores_a_refresh_token_in_the_query(client: aiohttp.ClientSession) -> None:
    tokens = await session(client)
    query = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    async with client.post(TOKEN, params=query, headers={"Content-Type": FORM}) as response:
        await refusal(response, 400, "invalid_request")
    assert bearer(tokens)
