"""`rotate-keys` with several replicas under load: no request fails, and every token can be verified at all times."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta

import aiohttp
import asyncpg
import jwt
import pytest
from pydantic import SecretStr

from accounts_service.infrastructure.database import signing_keys
from accounts_service.main import PUBLICATION, create_app
from accounts_service.settings import Settings

from ..api.calls import (
    CLIENT_SECRET,
    JWKS,
    ME,
    SESSIONS,
    TOKEN,
    basic,
    bearer,
    log_in,
    parts,
    problem,
    refreshed,
    register,
)
from ..booting import booted
from .commands import run

REPLICAS = 2
MOMENT = timedelta(milliseconds=50)


@pytest.fixture
async def replicas(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[aiohttp.ClientSession]]:
    monkeypatch.setattr(signing_keys, "REMEMBERED", MOMENT)
    async with AsyncExitStack() as stack:
        clients = []
        for _ in range(REPLICAS):
            url = await stack.enter_async_context(booted(create_app(settings)))
            clients.append(await stack.enter_async_context(aiohttp.ClientSession(url)))
        yield clients


@pytest.fixture(autouse=True)
async def no_keys(connection: asyncpg.Connection) -> None:
    await connection.execute("TRUNCATE signing_keys")


async def published(client: aiohttp.ClientSession) -> dict[str, jwt.PyJWK]:
    async with client.get(JWKS) as response:
        assert response.status == 200
        return {key.key_id or "": key for key in jwt.PyJWKSet.from_dict(await response.json()).keys}


async def time_passes(connection: asyncpg.Connection, seconds: float) -> None:
    """Make all keys older, and wait until the replicas have noticed."""
    await connection.execute(
        "UPDATE signing_keys SET signs_from = signs_from - $1::interval", timedelta(seconds=seconds)
    )
    await asyncio.sleep(0.3)


async def eventually(is_so: Callable[[], bool]) -> None:
    """Wait until the condition holds, with time for a busy machine."""
    async with asyncio.timeout(60):
        while not is_so():  # noqa: ASYNC110 - other tasks of the test bring it about
            await asyncio.sleep(0.01)


async def test_no_request_fails_during_key_rotation(
    replicas: list[aiohttp.ClientSession], settings: Settings, connection: asyncpg.Connection
) -> None:
    username = (await register(replicas[0]))["username"]
    tokens = await log_in(replicas[0], username)
    known = await published(replicas[0])
    stop = asyncio.Event()
    used: list[str] = []

    async def load(client: aiohttp.ClientSession, refresh_token: str) -> None:
        """Refresh a session and verify each token with keys that a service fetched earlier."""
        while not stop.is_set():
            status, body = await refreshed(client, refresh_token)
            assert status == 200, body
            refresh_token = body["refresh_token"]
            kid = parts(body["access_token"])[0]["kid"]
            jwt.decode(body["access_token"], known[kid], algorithms=["ES256"], audience="allium")
            used.append(kid)
            await asyncio.sleep(0.01)

    others = [await log_in(client, username) for client in replicas]
    loads = [asyncio.create_task(load(c, t["refresh_token"])) for c, t in zip(replicas, others, strict=True)]
    old = parts(tokens["access_token"])[0]["kid"]
    for _ in range(2):
        code, lines = await run(settings, "rotate-keys")
        assert code == 0, lines
        used.clear()
        await eventually(lambda: len(used) > 20)
        assert set(used[-3:]) == {old}  # the new key does not sign yet
        known = await published(replicas[1])
        assert len(known) == 2
        await time_passes(connection, PUBLICATION.total_seconds())
        used.clear()
        await eventually(lambda: len(used) > 20 and len(set(used[-10:])) == 1)
        new = used[-1]
        assert new != old
        assert new in known
        assert old in await published(replicas[0])  # tokens that the old key signed are still valid
        await time_passes(connection, settings.access_token_life + 61)
        assert set(await published(replicas[0])) == {new}
        old = new
    stop.set()
    await asyncio.gather(*loads)
    assert (await refreshed(replicas[1], tokens["refresh_token"]))[0] == 200  # all sessions continue


async def test_concurrent_rotations_add_one_key(
    replicas: list[aiohttp.ClientSession], settings: Settings, connection: asyncpg.Connection
) -> None:
    await published(replicas[0])
    results = await asyncio.gather(*(run(settings, "rotate-keys") for _ in range(3)))
    assert [code for code, _ in results] == [0, 0, 0]
    assert await connection.fetchval("SELECT count(*) FROM signing_keys") == 2
    assert len({line["message"] for _, lines in results for line in lines if "newest key" in line["message"]}) == 1


async def test_concurrent_replicas_create_one_first_key(
    replicas: list[aiohttp.ClientSession], connection: asyncpg.Connection
) -> None:
    await asyncio.sleep(0.3)
    sets = await asyncio.gather(*map(published, replicas * 4))
    assert len({*map(frozenset, sets)}) == 1
    assert await connection.fetchval("SELECT count(*) FROM signing_keys") == 1


async def test_rotation_at_once_replaces_a_stolen_key_and_keeps_sessions(
    replicas: list[aiohttp.ClientSession], settings: Settings
) -> None:
    tokens = await log_in(replicas[0], (await register(replicas[0]))["username"])
    code, _ = await run(settings, "rotate-keys", "--at-once")
    assert code == 0
    await asyncio.sleep(0.3)
    stolen = parts(tokens["access_token"])[0]["kid"]
    assert stolen not in await published(replicas[1])
    status, body = await refreshed(replicas[1], tokens["refresh_token"])
    assert status == 200
    assert parts(body["access_token"])[0]["kid"] != stolen
    for replica in replicas:  # each has the new key, even a replica that has not signed with it
        async with replica.put(
            ME, json={"current_password": "x", "new_password": "y"}, headers=bearer(body)
        ) as response:
            await problem(response, 422, "invalid-request")


async def test_private_keys_are_encrypted_with_the_secret(
    replicas: list[aiohttp.ClientSession], settings: Settings, connection: asyncpg.Connection
) -> None:
    username = (await register(replicas[0]))["username"]
    tokens = await log_in(replicas[0], username)
    sealed = await connection.fetchval("SELECT sealed_private_key FROM signing_keys")
    assert b"\x2a\x86\x48\xce\x3d" not in sealed  # the OID of elliptic curve keys
    other = "another secret, which is as long as it has to be"
    changed = settings.model_copy(update={"key_encryption_secret": SecretStr(other)})
    async with booted(create_app(changed)) as url, aiohttp.ClientSession(url) as client:
        assert len(await published(client)) == 1
        body = {"username": username, "password": "down the rabbit hole"}
        async with client.post(SESSIONS, json=body) as response:
            await problem(response, 503, "no-signing-key")
        form = {"grant_type": "client_credentials"}
        async with client.post(TOKEN, data=form, headers=basic("friends", CLIENT_SECRET)) as response:
            await problem(response, 503, "no-signing-key")
        assert (await refreshed(client, tokens["refresh_token"]))[0] == 503
        assert (await run(changed, "rotate-keys", "--at-once", KEY_ENCRYPTION_SECRET=other))[0] == 0
        await asyncio.sleep(0.3)
        assert (await refreshed(client, tokens["refresh_token"]))[0] == 200


async def test_rotate_keys_reports_an_unreachable_database(settings: Settings) -> None:
    code, lines = await run(settings, "rotate-keys", POSTGRES_PORT="1", POSTGRES_HOST="127.0.0.1")
    assert code == 1
    assert lines[-1]["message"].startswith("cannot rotate-keys: ")
