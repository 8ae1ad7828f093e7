"""PUT /api/v1/accounts/me/password."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from chassis.database import Database

from accounts_service.core.entities.tokens import Claims
from accounts_service.main import create_app, signer_of, signing_keys
from accounts_service.settings import Settings

from ..booting import booted
from .calls import (
    CLIENT_SECRET,
    ME,
    PASSWORD,
    SESSIONS,
    TOKEN,
    basic,
    bearer,
    log_in,
    problem,
    refreshed,
    register,
    session,
)

NOW = datetime.now(UTC)
NEW = "through the looking-glass"
CHANGE = {"current_password": PASSWORD, "new_password": NEW}


async def test_changes_the_password_and_ends_all_sessions(client: aiohttp.ClientSession) -> None:
    username = (await register(client))["username"]
    first, second = await log_in(client, username), await log_in(client, username)
    async with client.put(ME, json=CHANGE, headers=bearer(first)) as response:
        assert (response.status, await response.read()) == (204, b"")
    for tokens in (first, second):
        assert (await refreshed(client, tokens["refresh_token"]))[0] == 400
    async with client.post(SESSIONS, json={"username": username, "password": PASSWORD}) as response:
        await problem(response, 401, "wrong-credentials")
    await log_in(client, username, NEW)


async def test_changes_nothing_without_the_current_password(client: aiohttp.ClientSession) -> None:
    username = (await register(client))["username"]
    tokens = await log_in(client, username)
    async with client.put(ME, json=CHANGE | {"current_password": "wrong"}, headers=bearer(tokens)) as response:
        await problem(response, 403, "wrong-password")
    assert (await refreshed(client, tokens["refresh_token"]))[0] == 200
    await log_in(client, username)


async def test_refuses_an_invalid_new_password(client: aiohttp.ClientSession) -> None:
    tokens = await session(client)
    async with client.put(ME, json=CHANGE | {"new_password": "short"}, headers=bearer(tokens)) as response:
        document = await problem(response, 422, "invalid-request")
    assert [error["pointer"] for error in document["errors"]] == ["#/new_password"]


async def test_refuses_a_request_without_a_valid_token(client: aiohttp.ClientSession) -> None:
    tokens = await session(client)
    head, claims, signature = tokens["access_token"].split(".")
    changed = f"{head}.{claims}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
    for token in (changed, "x", tokens["refresh_token"], f"{tokens['access_token']}x", "a.b.c"):
        async with client.put(ME, json=CHANGE, headers={"Authorization": f"Bearer {token}"}) as response:
            assert response.headers["WWW-Authenticate"].startswith("Bearer")
            assert response.status == 401, token
    async with client.put(ME, json=CHANGE) as response:
        assert response.status == 401


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"issuer": "http://other"},
        {"audience": "other"},
        {"expires_at": NOW - timedelta(minutes=1)},
        {"issued_at": NOW + timedelta(hours=1)},
    ],
    ids=lambda changes: "".join(changes) or "valid",
)
async def test_refuses_a_well_signed_token_with_wrong_claims(
    client: aiohttp.ClientSession, settings: Settings, database: Database, changes: dict[str, Any]
) -> None:
    account_id = (await register(client))["id"]
    signer = signer_of(settings)
    key = await signing_keys(settings, database, signer).signing()
    given: dict[str, Any] = {
        "issuer": settings.auth_issuer,
        "audience": "allium",
        "subject": account_id,
        "client_id": "accounts",
        "scopes": frozenset(),
        "token_id": uuid4(),
        "issued_at": NOW,
        "expires_at": datetime.now(UTC) + timedelta(minutes=10),
    }
    headers = {"Authorization": f"Bearer {signer.sign(Claims(**given | changes), key)}"}
    async with client.put(ME, json=CHANGE, headers=headers) as response:
        assert response.status == (401 if changes else 204)


async def test_refuses_password_changes_if_authentication_is_off(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"authentication": "off"}))
    async with booted(app) as url, aiohttp.ClientSession(url) as client:
        tokens = await session(client)
        async with client.put(ME, json=CHANGE, headers=bearer(tokens)) as response:
            await problem(response, 401, "authentication-required")


async def test_requires_a_token_for_all_other_paths(client: aiohttp.ClientSession) -> None:
    for path in ("/api/v1/accounts/me", "/nowhere"):
        async with client.get(path) as response:
            await problem(response, 401, "authentication-required")
        async with client.get(path, headers=bearer(await session(client))) as response:
            await problem(response, 404, "not-found")


async def test_refuses_a_client_token(client: aiohttp.ClientSession) -> None:
    form = {"grant_type": "client_credentials"}
    async with client.post(TOKEN, data=form, headers=basic("friends", CLIENT_SECRET)) as response:
        of_client = await response.json()
    async with client.put(ME, json=CHANGE, headers=bearer(of_client)) as response:
        await problem(response, 403, "not-an-account")


async def test_concurrent_changes_succeed_once(client: aiohttp.ClientSession) -> None:
    username = (await register(client))["username"]
    tokens = await log_in(client, username)
    news = [f"{NEW} {number}" for number in range(4)]

    async def change(new: str) -> int:
        body = {"current_password": PASSWORD, "new_password": new}
        async with client.put(ME, json=body, headers=bearer(tokens)) as response:
            return response.status

    statuses = await asyncio.gather(*map(change, news))
    assert sorted(statuses) == [204, 403, 403, 403]
    await log_in(client, username, news[statuses.index(204)])


@pytest.mark.parametrize("turn", range(3))
async def test_no_session_of_a_concurrent_login_outlives_the_change(client: aiohttp.ClientSession, turn: int) -> None:
    username = (await register(client))["username"]
    tokens = await log_in(client, username)

    async def try_to_log_in() -> str | None:
        await asyncio.sleep(turn * 0.02)
        async with client.post(SESSIONS, json={"username": username, "password": PASSWORD}) as response:
            return (await response.json())["refresh_token"] if response.status == 201 else None

    async def change() -> None:
        async with client.put(ME, json=CHANGE, headers=bearer(tokens)) as response:
            assert response.status == 204

    begun, *_ = await asyncio.gather(try_to_log_in(), try_to_log_in(), change())
    if begun:
        assert (await refreshed(client, begun))[0] == 400
