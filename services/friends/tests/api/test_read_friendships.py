"""GET /api/v1/friendships/{id} and /api/v1/users/{user_id}/friendships."""

from typing import Any
from uuid import UUID

import aiohttp
import pytest

from ..infrastructure.clients.users_stub import UsersStub
from .calls import NOBODY, PATH, befriend, problem


def path_of(user_id: object) -> str:
    return f"/api/v1/users/{user_id}/friendships"


async def page(client: aiohttp.ClientSession, path: str) -> tuple[dict[str, Any], str | None]:
    """Return a page and the URL in its `Link` header."""
    async with client.get(path) as response:
        assert response.status == 200
        link = response.links.get("next")
        return await response.json(), str(link["url"]).removeprefix(str(response.url.origin())) if link else None


async def befriend_many(client: aiohttp.ClientSession, users: UsersStub, ada: UUID, count: int) -> list[dict[str, Any]]:
    """Create friendships of one user, every other one started by the friend."""
    pairs = [(ada, users.user()) if number % 2 else (users.user(), ada) for number in range(count)]
    return [await befriend(client, *pair) for pair in pairs]


async def test_documents_response_headers(client: aiohttp.ClientSession) -> None:
    async with client.get("/api/openapi.json") as response:
        paths = (await response.json())["paths"]
    assert "Location" in paths[PATH]["post"]["responses"]["201"]["headers"]
    assert "Link" in paths["/api/v1/users/{user_id}/friendships"]["get"]["responses"]["200"]["headers"]


async def test_returns_a_friendship_as_created_without_calling_users(
    client: aiohttp.ClientSession, users: UsersStub
) -> None:
    friendship = await befriend(client, users.user(), users.user(), tag="work")
    users.calls.clear()
    async with client.get(f"{PATH}/{friendship['id']}") as response:
        assert response.status == 200
        assert await response.json() == friendship
    assert users.calls == []


async def test_responds_404_for_an_unknown_friendship(client: aiohttp.ClientSession) -> None:
    async with client.get(f"{PATH}/{NOBODY}") as response:
        assert str(NOBODY) in (await problem(response, 404, "friendship-not-found"))["detail"]


@pytest.mark.parametrize(
    ("path", "pointer"), [(f"{PATH}/ada", "#/path/friendship_id"), (path_of("ada"), "#/path/user_id")]
)
async def test_refuses_an_invalid_id(client: aiohttp.ClientSession, path: str, pointer: str) -> None:
    async with client.get(path) as response:
        document = await problem(response, 422, "invalid-request")
    assert [error["pointer"] for error in document["errors"]] == [pointer]


async def test_a_user_without_friends_has_one_empty_page(client: aiohttp.ClientSession, users: UsersStub) -> None:
    ada = users.user()
    assert await page(client, path_of(ada)) == ({"items": [], "next_cursor": None}, None)
    assert users.calls == [[ada]]


async def test_responds_404_for_friendships_of_an_unknown_user(client: aiohttp.ClientSession) -> None:
    async with client.get(path_of(NOBODY)) as response:
        assert (await problem(response, 404, "user-not-found"))["user_ids"] == [str(NOBODY)]


@pytest.mark.parametrize("limit", [1, 2, 4, 5, 100])
async def test_following_links_lists_both_directions_once_newest_first(
    client: aiohttp.ClientSession, users: UsersStub, limit: int
) -> None:
    ada = users.user()
    friendships = await befriend_many(client, users, ada, 5)
    await befriend(client, users.user(), users.user())
    walked: list[dict[str, Any]] = []
    path: str | None = f"{path_of(ada)}?limit={limit}"
    while path:
        document, path = await page(client, path)
        assert 1 <= len(document["items"]) <= limit
        assert (document["next_cursor"] is None) == (path is None)
        walked += document["items"]
    assert walked == friendships[::-1]


async def test_cursor_and_link_lead_to_the_same_page(client: aiohttp.ClientSession, users: UsersStub) -> None:
    ada = users.user()
    await befriend_many(client, users, ada, 3)
    document, path = await page(client, f"{path_of(ada)}?limit=2")
    assert path is not None
    cursor = document["next_cursor"]
    assert await page(client, f"{path_of(ada)}?limit=2&cursor={cursor}") == await page(client, path)


async def test_default_limit_is_20(client: aiohttp.ClientSession, users: UsersStub) -> None:
    ada = users.user()
    await befriend_many(client, users, ada, 21)
    document, path = await page(client, path_of(ada))
    assert len(document["items"]) == 20
    assert path is not None


@pytest.mark.parametrize(
    ("name", "value"),
    [*[("limit", bad) for bad in ("0", "101", "ten", "")], *[("cursor", bad) for bad in ("", "x", "A" * 28, "ä")]],
)
async def test_refuses_an_invalid_limit_or_cursor(
    client: aiohttp.ClientSession, users: UsersStub, name: str, value: str
) -> None:
    async with client.get(path_of(users.user()), params={name: value}) as response:
        document = await problem(response, 422, "invalid-request")
    assert [error["pointer"] for error in document["errors"]] == [f"#/query/{name}"]
    assert users.calls == []
