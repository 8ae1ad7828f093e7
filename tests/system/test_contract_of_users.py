"""The HTTP contract of users, row by row."""

import asyncio
import re
import secrets
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from callers import USERS, Caller, somebody
from issuer import WITH_AND_WITHOUT

pytestmark = WITH_AND_WITHOUT

ROUNDS = 3
AT_ONCE = 20


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
async def test_refuses_an_invalid_user(users: Caller, changes: dict[str, object]) -> None:
    answer = await users.post(USERS, somebody(**changes))
    assert (answer.status, answer.problem) == (422, "invalid-request")
    assert {tuple(error) for error in answer.body["errors"]} == {("pointer", "detail")}
    assert f"#/{next(iter(changes))}" in {error["pointer"] for error in answer.body["errors"]}


@pytest.mark.parametrize("birthday", ["1900-01-01", date.today().isoformat()])  # noqa: DTZ011 - the machine's
async def test_accepts_the_first_and_the_last_birthday(users: Caller, birthday: str) -> None:
    assert (await users.post(USERS, somebody(birthday=birthday))).status == 201


async def test_refuses_a_taken_username_ignoring_case(users: Caller) -> None:
    sent = somebody()
    assert (await users.post(USERS, sent)).status == 201
    answer = await users.post(USERS, {**sent, "username": str(sent["username"]).upper()})
    assert (answer.status, answer.problem) == (409, "username-taken")


@pytest.mark.parametrize("turn", range(ROUNDS))
async def test_concurrent_registrations_of_a_username_succeed_once(users: Caller, turn: int) -> None:
    sent = somebody(username=f"{turn}-{secrets.token_hex(6)}")
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


async def test_lists_end_without_a_next_cursor(users: Caller) -> None:
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


async def test_responds_404_for_an_unknown_user(users: Caller) -> None:
    for path in (f"{USERS}/{uuid4()}", f"{USERS}/{uuid4()}/exists"):
        answer = await users.get(path)
        assert (answer.status, answer.problem) == (404, "user-not-found")


@pytest.mark.parametrize("path", [f"{USERS}/12", f"{USERS}/12/exists", f"{USERS}/exists", f"{USERS}/exists?id=12"])
async def test_refuses_an_invalid_user_id(users: Caller, path: str) -> None:
    answer = await users.get(path)
    assert (answer.status, answer.problem) == (422, "invalid-request")


async def test_checks_whether_a_user_exists(users: Caller) -> None:
    answer = await users.get(f"{USERS}/{await users.new_user()}/exists")
    assert (answer.status, answer.body) == (204, None)


async def test_splits_ids_by_existence(users: Caller) -> None:
    known, unknown = await users.new_user(), str(uuid4())
    answer = await users.get(f"{USERS}/exists", params=[("id", known), ("id", unknown), ("id", known)])
    assert (answer.status, answer.body) == (200, {"existing": [known], "missing": [unknown]})


async def test_refuses_more_than_a_hundred_ids(users: Caller) -> None:
    ids = [("id", str(uuid4())) for _ in range(101)]
    assert len((await users.get(f"{USERS}/exists", params=ids[:100])).body["missing"]) == 100
    assert (await users.get(f"{USERS}/exists", params=ids)).problem == "invalid-request"
