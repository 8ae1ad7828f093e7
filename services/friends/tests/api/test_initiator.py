"""With authentication the caller is the initiator of a friendship; without it, the user named in the body is."""

import aiohttp
import asyncpg
import pytest

from chassis.ids import new_id

from ..chassis.authentication.issuer import Issuer
from ..infrastructure.clients.users_stub import UsersStub
from .calls import NOBODY, PATH, befriend, between, problem


async def test_uses_the_caller_as_initiator(
    client: aiohttp.ClientSession, users: UsersStub, issuer: Issuer | None
) -> None:
    ada, bob = users.user(), users.user()
    new = {"target_id": str(bob)}
    if issuer is None:
        async with client.post(PATH, json=new) as response:
            document = await problem(response, 422, "invalid-request")
        assert [error["pointer"] for error in document["errors"]] == ["#/initiator_id"]
        return
    async with client.post(PATH, json=new, headers=issuer.bearer(sub=str(ada))) as response:
        assert (response.status, (await response.json())["initiator_id"]) == (201, str(ada))


async def test_refuses_friendships_on_behalf_of_others(
    client: aiohttp.ClientSession, users: UsersStub, issuer: Issuer | None, connection: asyncpg.Connection
) -> None:
    ada, bob, eve = users.user(), users.user(), users.user()
    if issuer is None:
        assert (await befriend(client, ada, bob))["initiator_id"] == str(ada)
        return
    bearer = issuer.bearer(sub=str(eve))
    for pair in ((ada, bob), (ada, eve), (NOBODY, eve)):
        async with client.post(PATH, json=between(*pair), headers=bearer) as response:
            await problem(response, 403, "not-the-initiator")
    assert users.calls == []
    assert await connection.fetchval("SELECT count(*) FROM friendships WHERE $1 IN (initiator_id, target_id)", eve) == 0


async def test_names_a_caller_without_a_profile(client: aiohttp.ClientSession, users: UsersStub) -> None:
    bob, account = users.user(), new_id()
    async with client.post(PATH, json=between(account, bob)) as response:
        document = await problem(response, 404, "user-not-found")
    assert document["user_ids"] == [str(account)]


async def test_refuses_friendships_of_a_client(
    client: aiohttp.ClientSession, users: UsersStub, issuer: Issuer | None
) -> None:
    if issuer is None:
        pytest.skip("without authentication there are no clients")
    new = {"target_id": str(users.user())}
    async with client.post(PATH, json=new, headers=issuer.bearer(sub="friends")) as response:
        await problem(response, 403, "not-an-account")


async def test_calls_users_with_its_own_token(
    client: aiohttp.ClientSession, users: UsersStub, issuer: Issuer | None
) -> None:
    tokens = issuer.tokens if issuer else 0
    for _ in range(3):
        await befriend(client, users.user(), users.user())
    assert len(users.tokens) == 3
    assert len(set(users.tokens)) == 1
    assert (users.tokens[0] or "").startswith("Bearer " if issuer else "")
    if issuer:
        assert issuer.tokens - tokens <= 1
    else:
        assert users.tokens[0] is None
