"""POST /api/v1/friendships."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import aiohttp
import asyncpg
import pytest

from ..infrastructure.clients.users_stub import UsersStub
from .calls import NOBODY, PATH, befriend, between, problem

ROUNDS = 20
AT_ONCE = 20
OF_USER = "SELECT count(*) FROM friendships WHERE $1 IN (initiator_id, target_id)"
BAD_TEXTS: list[object] = ["", "  ", "x" * 51, "a\x00b", "\ud800", "\u200b", "a\nb", 7, []]
REFUSED: list[tuple[str, object]] = [
    *[("initiator_id", bad) for bad in ("ada", "", 7)],
    *[("target_id", bad) for bad in ("0" * 31, False, "\x00")],
    *[("tag", bad) for bad in BAD_TEXTS],
    ("since", "2001-01-01"),
]


async def test_begins_a_friendship_and_commits(
    client: aiohttp.ClientSession, users: UsersStub, connection: asyncpg.Connection
) -> None:
    ada, bob = users.user(), users.user()
    before = datetime.now(UTC)
    new = between(ada, bob, tag="school")
    async with client.post(PATH, json=new) as response:
        assert response.status == 201
        friendship = await response.json()
        assert response.headers["Location"] == f"{PATH}/{friendship['id']}"
    assert friendship == new | {"id": friendship["id"], "created_at": friendship["created_at"]}
    assert UUID(friendship["id"]).version == 7
    row = await connection.fetchrow("SELECT * FROM friendships WHERE initiator_id = $1", ada)
    assert row is not None
    assert (str(row["id"]), row["target_id"], row["tag"]) == (friendship["id"], bob, "school")
    assert before <= row["created_at"] == datetime.fromisoformat(friendship["created_at"])
    assert datetime.fromisoformat(friendship["created_at"]).utcoffset() == timedelta(0)


async def test_checks_both_users_in_one_call(client: aiohttp.ClientSession, users: UsersStub) -> None:
    ada, bob = users.user(), users.user()
    await befriend(client, ada, bob)
    assert users.calls == [[ada, bob]]


async def test_does_not_check_known_users_again(client: aiohttp.ClientSession, users: UsersStub) -> None:
    ada, bob, eve = users.user(), users.user(), users.user()
    await befriend(client, ada, bob)
    await befriend(client, eve, ada)
    await befriend(client, bob, eve)
    assert users.calls == [[ada, bob], [eve]]


@pytest.mark.parametrize(
    ("given", "kept"),
    [(None, None), ("  Cafe\u0301\n", "Café"), ("❤️", "❤️"), ("x" * 50, "x" * 50)],
    ids=["none", "trimmed and normalised", "emoji", "50 characters"],
)
async def test_accepts_an_optional_tag(
    client: aiohttp.ClientSession, users: UsersStub, given: str | None, kept: str | None
) -> None:
    assert (await befriend(client, users.user(), users.user(), tag=given))["tag"] == kept


@pytest.mark.parametrize("is_turned", [False, True], ids=["same direction", "other direction"])
async def test_refuses_a_second_friendship_in_either_direction(
    client: aiohttp.ClientSession, users: UsersStub, connection: asyncpg.Connection, *, is_turned: bool
) -> None:
    pair = (users.user(), users.user())
    await befriend(client, *pair)
    async with client.post(PATH, json=between(*(pair[::-1] if is_turned else pair))) as response:
        await problem(response, 409, "friendship-exists")
    assert await connection.fetchval(OF_USER, pair[0]) == 1


async def test_refuses_a_friendship_with_oneself_without_calling_users(
    client: aiohttp.ClientSession, users: UsersStub
) -> None:
    ada = users.user()
    for user_id in (ada, NOBODY):
        async with client.post(PATH, json=between(user_id, user_id)) as response:
            await problem(response, 422, "self-friendship")
    assert users.calls == []


async def test_names_unknown_users(
    client: aiohttp.ClientSession, users: UsersStub, connection: asyncpg.Connection
) -> None:
    ada, stranger = users.user(), UUID(int=7)
    for pair, unknown in (
        ((ada, NOBODY), [NOBODY]),
        ((NOBODY, ada), [NOBODY]),
        ((NOBODY, stranger), [NOBODY, stranger]),
    ):
        async with client.post(PATH, json=between(*pair)) as response:
            document = await problem(response, 404, "user-not-found")
        assert document["user_ids"] == [str(user_id) for user_id in unknown]
        assert all(str(user_id) in document["detail"] for user_id in unknown)
    assert await connection.fetchval(OF_USER, ada) == 0


async def test_does_not_cache_unknown_users(client: aiohttp.ClientSession, users: UsersStub) -> None:
    for _ in range(2):
        async with client.post(PATH, json=between(NOBODY, UUID(int=7))) as response:
            await problem(response, 404, "user-not-found")
    assert len(users.calls) == 2


@pytest.mark.parametrize(("field", "value"), REFUSED, ids=lambda each: ascii(each)[:30])
async def test_refuses_invalid_fields_with_a_pointer_without_calling_users(
    client: aiohttp.ClientSession, users: UsersStub, field: str, value: object
) -> None:
    new = between(users.user(), users.user()) | {field: value}
    async with client.post(PATH, json=new) as response:
        document = await problem(response, 422, "invalid-request")
    assert [error["pointer"] for error in document["errors"]] == [f"#/{field}"]
    assert users.calls == []


async def test_concurrent_equal_friendships_succeed_once(
    client: aiohttp.ClientSession, users: UsersStub, connection: asyncpg.Connection
) -> None:
    for _ in range(ROUNDS):
        pair = (users.user(), users.user())
        directions = [pair if number % 2 else pair[::-1] for number in range(AT_ONCE)]
        responses = await asyncio.gather(*(client.post(PATH, json=between(*each)) for each in directions))
        assert Counter(response.status for response in responses) == {201: 1, 409: AT_ONCE - 1}
        for response in responses:
            response.release()
        assert await connection.fetchval(OF_USER, pair[0]) == 1
