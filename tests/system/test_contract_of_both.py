"""The parts that the HTTP contracts of both services have in common."""

import asyncio
from urllib.parse import urlsplit

import pytest
from callers import FRIENDSHIPS, PATIENCE, USERS, Caller
from issuer import WITH_AND_WITHOUT, Issuer

pytestmark = WITH_AND_WITHOUT
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "101"}, {"limit": "1e3"}, {"limit": str(2**63)}, {"cursor": "x"}], ids=str
)
async def test_refuses_an_invalid_limit_or_cursor(users: Caller, friends: Caller, query: dict[str, str]) -> None:
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


@pytest.mark.parametrize("service", ["users", "friends"])
async def test_responds_to_unknown_paths_and_methods_with_a_problem(
    users: Caller, friends: Caller, service: str
) -> None:
    caller, path = (users, USERS) if service == "users" else (friends, FRIENDSHIPS)
    assert (await caller.get("/nowhere")).problem == "not-found"
    assert (await caller.call("DELETE", path)).problem == "method-not-allowed"
    assert (await caller.call("POST", path, data=b"{", headers=JSON)).problem == "invalid-request"
    text = await caller.call("POST", path, data=b"a=b", headers={"Content-Type": "text/plain"})
    assert (text.status, text.problem) == (415, "unsupported-media-type")


@pytest.mark.parametrize("service", ["users", "friends"])
async def test_refuses_a_large_body_before_it_is_sent(
    urls: dict[str, str], issuer: Issuer | None, service: str
) -> None:
    path = USERS if service == "users" else FRIENDSHIPS
    token = f"Authorization: Bearer {issuer.token()}\r\n" if issuer else ""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {2**20 + 1}\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(urls[service]).port)
    writer.write(f"{head}{token}\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), timeout=PATIENCE)  # until the service closes the connection
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"/problems/body-too-large" in answer


@pytest.mark.parametrize("service", ["users", "friends"])
async def test_is_live_ready_and_documented(users: Caller, friends: Caller, service: str) -> None:
    caller = users if service == "users" else friends
    assert (await caller.get("/health/live")).body == {"status": "live"}
    assert (await caller.get("/health/ready")).body == {"status": "ready"}
    assert (await caller.get("/api/openapi.json")).body["openapi"].startswith("3.1")
