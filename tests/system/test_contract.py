"""The HTTP contract of both services, each row of it, from outside."""

import asyncio
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from callers import FRIENDSHIPS, USERS, Caller, somebody

from system import System

ROUNDS = 3
AT_ONCE = 20
JSON = {"Content-Type": "application/json"}


async def test_registers_a_user(users: Caller) -> None:
    sent = somebody(first_name="  Zoe\u0301 ", second_name="O'Neill-Łukasz")
    answer = await users.post(USERS, sent)
    assert answer.status == 201
    assert answer.headers["Location"] == f"{USERS}/{answer.body['id']}"
    assert UUID(answer.body["id"]).version == 7
    assert answer.body == {
        **sent,
        "first_name": "Zoé",
        "id": answer.body["id"],
        "created_at": answer.body["created_at"],
    }
    created_at = datetime.fromisoformat(answer.body["created_at"])
    assert created_at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - created_at) < timedelta(minutes=1)
    assert (await users.get(answer.headers["Location"])).body == answer.body


@pytest.mark.parametrize(
    "changes",
    [
        {"username": "abc"},
        {"username": "a" * 21},
        {"username": "white space"},
        {"username": "no\u0000nul"},
        {"username": "ünïcödé"},
        {"username": None},
        {"username": 12345},
        {"first_name": ""},
        {"first_name": "a" * 101},
        {"first_name": "line\nbreak"},
        {"second_name": "\ud800"},
        {"birthday": "1899-12-31"},
        {"birthday": (datetime.now(UTC).date() + timedelta(days=2)).isoformat()},
        {"birthday": "yesterday"},
        {"unknown": "field"},
    ],
    ids=str,
)
async def test_refuses_a_user(users: Caller, changes: dict[str, object]) -> None:
    answer = await users.post(USERS, somebody(**changes))
    assert (answer.status, answer.problem) == (422, "invalid-request")
    assert {tuple(error) for error in answer.body["errors"]} == {("pointer", "detail")}
    assert f"#/{next(iter(changes))}" in {error["pointer"] for error in answer.body["errors"]}


@pytest.mark.parametrize("birthday", ["1900-01-01", date.today().isoformat()])  # noqa: DTZ011 - the machine's
async def test_accepts_the_first_and_the_last_birthday(users: Caller, birthday: str) -> None:
    assert (await users.post(USERS, somebody(birthday=birthday))).status == 201


async def test_refuses_a_username_that_is_taken_in_another_case(users: Caller) -> None:
    sent = somebody()
    assert (await users.post(USERS, sent)).status == 201
    answer = await users.post(USERS, {**sent, "username": str(sent["username"]).upper()})
    assert (answer.status, answer.problem) == (409, "username-taken")


@pytest.mark.parametrize("turn", range(ROUNDS))
async def test_gives_a_username_to_one_of_many(users: Caller, turn: int) -> None:
    sent = somebody(username=f"wanted-{turn}")
    answers = await asyncio.gather(*(users.post(USERS, sent) for _ in range(AT_ONCE)))
    assert Counter(answer.status for answer in answers) == {201: 1, 409: AT_ONCE - 1}
    assert {answer.problem for answer in answers} == {"", "username-taken"}


async def test_lists_users_newest_first_page_by_page(users: Caller) -> None:
    newest = [await users.new_user() for _ in range(5)][::-1]
    first = await users.get(USERS, params={"limit": 2})
    assert [user["id"] for user in first.body["items"]] == newest[:2]
    link = re.fullmatch(r'<(.+)>; rel="next"', first.headers["Link"])
    assert link
    second = await users.get(link[1])
    assert [user["id"] for user in second.body["items"]] == newest[2:4]
    by_cursor = await users.get(USERS, params={"limit": 2, "cursor": first.body["next_cursor"]})
    assert by_cursor.body == second.body


async def test_ends_a_list(users: Caller) -> None:
    await users.new_user()
    cursor, seen = None, 0
    while True:
        page = await users.get(USERS, params={"limit": 100} | ({"cursor": cursor} if cursor else {}))
        seen += len(page.body["items"])
        cursor = page.body["next_cursor"]
        if cursor is None:
            break
    assert seen > 0
    assert "Link" not in page.headers


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "101"}, {"limit": "1e3"}, {"limit": str(2**63)}, {"cursor": "x"}], ids=str
)
async def test_refuses_a_page(users: Caller, friends: Caller, query: dict[str, str]) -> None:
    someone = await users.new_user()
    for caller, path in ((users, USERS), (friends, f"{USERS}/{someone}/friendships")):
        answer = await caller.get(path, params=query)
        assert (answer.status, answer.problem) == (422, "invalid-request")
        assert [error["pointer"] for error in answer.body["errors"]] == [f"#/query/{next(iter(query))}"]


async def test_refuses_the_cursor_of_another_list(users: Caller, friends: Caller) -> None:
    someone, _ = await users.new_user(), await users.new_user()
    cursor = (await users.get(USERS, params={"limit": 1})).body["next_cursor"]
    answer = await friends.get(f"{USERS}/{someone}/friendships", params={"cursor": cursor})
    assert (answer.status, answer.problem) == (422, "invalid-request")


async def test_knows_no_such_user(users: Caller) -> None:
    for path in (f"{USERS}/{uuid4()}", f"{USERS}/{uuid4()}/exists"):
        answer = await users.get(path)
        assert (answer.status, answer.problem) == (404, "user-not-found")


@pytest.mark.parametrize("path", [f"{USERS}/12", f"{USERS}/12/exists", f"{USERS}/exists", f"{USERS}/exists?id=12"])
async def test_refuses_what_is_no_id_of_a_user(users: Caller, path: str) -> None:
    answer = await users.get(path)
    assert (answer.status, answer.problem) == (422, "invalid-request")


async def test_tells_whether_a_user_exists(users: Caller) -> None:
    answer = await users.get(f"{USERS}/{await users.new_user()}/exists")
    assert (answer.status, answer.body) == (204, None)


async def test_tells_which_users_exist(users: Caller) -> None:
    known, unknown = await users.new_user(), str(uuid4())
    answer = await users.get(f"{USERS}/exists", params=[("id", known), ("id", unknown), ("id", known)])
    assert (answer.status, answer.body) == (200, {"existing": [known], "missing": [unknown]})


async def test_tells_it_for_a_hundred_ids_at_most(users: Caller) -> None:
    ids = [("id", str(uuid4())) for _ in range(101)]
    assert len((await users.get(f"{USERS}/exists", params=ids[:100])).body["missing"]) == 100
    assert (await users.get(f"{USERS}/exists", params=ids)).problem == "invalid-request"


async def test_begins_a_friendship(users: Caller, friends: Caller) -> None:
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
async def test_makes_one_friendship_of_many_wishes(users: Caller, friends: Caller, _turn: int) -> None:
    one, other = await users.new_user(), await users.new_user()
    pairs = [(one, other), (other, one)] * (AT_ONCE // 2)
    answers = await asyncio.gather(*(friends.befriend(*pair) for pair in pairs))
    assert Counter(answer.status for answer in answers) == {201: 1, 409: AT_ONCE - 1}
    assert {answer.problem for answer in answers} == {"", "friendship-exists"}


async def test_refuses_friendship_with_oneself(users: Caller, friends: Caller) -> None:
    someone = await users.new_user()
    answer = await friends.befriend(someone, someone)
    assert (answer.status, answer.problem) == (422, "self-friendship")


async def test_names_the_users_that_do_not_exist(users: Caller, friends: Caller) -> None:
    known, unknown, stranger = await users.new_user(), str(uuid4()), str(uuid4())
    answer = await friends.befriend(known, unknown)
    assert (answer.status, answer.problem, answer.body["user_ids"]) == (404, "user-not-found", [unknown])
    assert (await friends.befriend(unknown, stranger)).body["user_ids"] == [unknown, stranger]


@pytest.mark.parametrize(
    "changes",
    [{"tag": ""}, {"tag": "a" * 51}, {"tag": "a\u0000"}, {"tag": 1}, {"initiator_id": "12"}, {"more": 1}],
    ids=str,
)
async def test_refuses_a_friendship(friends: Caller, changes: dict[str, object]) -> None:
    answer = await friends.post(FRIENDSHIPS, {"initiator_id": str(uuid4()), "target_id": str(uuid4()), **changes})
    assert (answer.status, answer.problem) == (422, "invalid-request")
    assert [error["pointer"] for error in answer.body["errors"]] == [f"#/{next(iter(changes))}"]


async def test_knows_no_such_friendship(friends: Caller) -> None:
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


async def test_lists_no_friendships_of_a_stranger(users: Caller, friends: Caller) -> None:
    answer = await friends.get(f"{USERS}/{uuid4()}/friendships")
    assert (answer.status, answer.problem) == (404, "user-not-found")
    lonely = await friends.get(f"{USERS}/{await users.new_user()}/friendships")
    assert (lonely.status, lonely.body) == (200, {"items": [], "next_cursor": None})


@pytest.mark.parametrize("service", ["users", "friends"])
async def test_answers_what_it_does_not_have_with_a_problem(users: Caller, friends: Caller, service: str) -> None:
    caller, path = (users, USERS) if service == "users" else (friends, FRIENDSHIPS)
    assert (await caller.get("/nowhere")).problem == "not-found"
    assert (await caller.call("DELETE", path)).problem == "method-not-allowed"
    assert (await caller.call("POST", path, data=b"{", headers=JSON)).problem == "invalid-request"
    text = await caller.call("POST", path, data=b"a=b", headers={"Content-Type": "text/plain"})
    assert (text.status, text.problem) == (415, "unsupported-media-type")


@pytest.mark.parametrize("service", ["users", "friends"])
async def test_refuses_a_large_body_before_it_is_sent(system: System, service: str) -> None:
    path = USERS if service == "users" else FRIENDSHIPS
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {2**20 + 1}\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", system.services[service].port)
    writer.write(head.encode())
    answer = await asyncio.wait_for(reader.read(), timeout=2)  # until the service closes the connection
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"/problems/body-too-large" in answer


@pytest.mark.parametrize("service", ["users", "friends"])
async def test_is_live_ready_and_documented(users: Caller, friends: Caller, service: str) -> None:
    caller = users if service == "users" else friends
    assert (await caller.get("/health/live")).body == {"status": "live"}
    assert (await caller.get("/health/ready")).body == {"status": "ready"}
    assert (await caller.get("/api/openapi.json")).body["openapi"].startswith("3.1")
