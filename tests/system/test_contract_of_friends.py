"""The HTTP contract of friends, row by row."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from callers import FRIENDSHIPS, USERS, Caller
from issuer import WITH_AND_WITHOUT

pytestmark = WITH_AND_WITHOUT

ROUNDS = 3
AT_ONCE = 20


async def test_creates_a_friendship(users: Caller, friends: Caller) -> None:
    one, other = await users.new_user(), await users.new_user()
    answer = await friends.befriend(one, other, tag=" school ")
    assert answer.status == 201
    assert answer.headers["Location"] == f"{FRIENDSHIPS}/{answer.body['id']}"
    assert (answer.body["initiator_id"], answer.body["target_id"], answer.body["tag"]) == (one, other, "school")
    assert UUID(answer.body["id"]).version == 7
    assert datetime.fromisoformat(answer.body["created_at"]).utcoffset() == timedelta(0)
    assert (await friends.get(answer.headers["Location"])).body == answer.body


async def test_refuses_a_second_friendship_of_a_pair(users: Caller, friends: Caller) -> None:
    one, other = await users.new_user(), await users.new_user()
    assert (await friends.befriend(one, other)).status == 201
    for pair in ((one, other), (other, one)):
        answer = await friends.befriend(*pair)
        assert (answer.status, answer.problem) == (409, "friendship-exists")


@pytest.mark.parametrize("_turn", range(ROUNDS))
async def test_concurrent_equal_friendships_succeed_once(users: Caller, friends: Caller, _turn: int) -> None:
    one, other = await users.new_user(), await users.new_user()
    pairs = [(one, other), (other, one)] * (AT_ONCE // 2)
    answers = await asyncio.gather(*(friends.befriend(*pair) for pair in pairs))
    assert Counter(answer.status for answer in answers) == {201: 1, 409: AT_ONCE - 1}
    assert {answer.problem for answer in answers} == {"", "friendship-exists"}


async def test_refuses_friendship_with_oneself(users: Caller, friends: Caller) -> None:
    someone = await users.new_user()
    answer = await friends.befriend(someone, someone)
    assert (answer.status, answer.problem) == (422, "self-friendship")


async def test_names_unknown_users(users: Caller, friends: Caller) -> None:
    known, unknown, stranger = await users.new_user(), str(uuid4()), str(uuid4())
    answer = await friends.befriend(known, unknown)
    assert (answer.status, answer.problem, answer.body["user_ids"]) == (404, "user-not-found", [unknown])
    assert (await friends.befriend(unknown, stranger)).body["user_ids"] == [unknown, stranger]


@pytest.mark.parametrize(
    "changes",
    [{"tag": ""}, {"tag": "a" * 51}, {"tag": "a\u0000"}, {"tag": 1}, {"initiator_id": "12"}, {"more": 1}],
    ids=str,
)
async def test_refuses_an_invalid_friendship(friends: Caller, changes: dict[str, object]) -> None:
    answer = await friends.post(FRIENDSHIPS, {"initiator_id": str(uuid4()), "target_id": str(uuid4()), **changes})
    assert (answer.status, answer.problem) == (422, "invalid-request")
    assert [error["pointer"] for error in answer.body["errors"]] == [f"#/{next(iter(changes))}"]


async def test_responds_404_for_an_unknown_friendship(friends: Caller) -> None:
    answer = await friends.get(f"{FRIENDSHIPS}/{uuid4()}")
    assert (answer.status, answer.problem) == (404, "friendship-not-found")
    assert (await friends.get(f"{FRIENDSHIPS}/12")).problem == "invalid-request"


async def test_lists_friendships_of_both_directions(users: Caller, friends: Caller) -> None:
    someone, *others = [await users.new_user() for _ in range(4)]
    pairs = [(someone, others[0]), (others[1], someone), (someone, others[2])]
    newest = [(await friends.befriend(*pair)).body["id"] for pair in pairs][::-1]
    path = f"{USERS}/{someone}/friendships"
    first = await friends.get(path, params={"limit": 2})
    assert [friendship["id"] for friendship in first.body["items"]] == newest[:2]
    second = await friends.get(path, params={"limit": 2, "cursor": first.body["next_cursor"]})
    assert [friendship["id"] for friendship in second.body["items"]] == newest[2:]
    assert second.body["next_cursor"] is None


async def test_responds_404_for_friendships_of_an_unknown_user(users: Caller, friends: Caller) -> None:
    answer = await friends.get(f"{USERS}/{uuid4()}/friendships")
    assert (answer.status, answer.problem) == (404, "user-not-found")
    lonely = await friends.get(f"{USERS}/{await users.new_user()}/friendships")
    assert (lonely.status, lonely.body) == (200, {"items": [], "next_cursor": None})
