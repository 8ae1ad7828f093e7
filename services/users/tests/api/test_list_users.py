"""GET /api/v1/users."""

from typing import Any

import aiohttp
import asyncpg
import pytest

from .calls import PATH, problem, register


@pytest.fixture(autouse=True)
async def nobody(connection: asyncpg.Connection) -> None:
    await connection.execute("TRUNCATE users CASCADE")


async def page(client: aiohttp.ClientSession, path: str) -> tuple[dict[str, Any], str | None]:
    """Return a page and the URL in its `Link` header."""
    async with client.get(path) as response:
        assert response.status == 200
        link = response.links.get("next")
        return await response.json(), str(link["url"]).removeprefix(str(response.url.origin())) if link else None


async def test_documents_response_headers(client: aiohttp.ClientSession) -> None:
    async with client.get("/api/openapi.json") as response:
        paths = (await response.json())["paths"]
    assert "Location" in paths[PATH]["post"]["responses"]["201"]["headers"]
    assert "Link" in paths[PATH]["get"]["responses"]["200"]["headers"]


async def test_an_empty_list_has_one_empty_page(client: aiohttp.ClientSession) -> None:
    assert await page(client, PATH) == ({"items": [], "next_cursor": None}, None)


@pytest.mark.parametrize("limit", [1, 2, 4, 5, 100])
async def test_following_links_lists_all_users_once_newest_first(client: aiohttp.ClientSession, limit: int) -> None:
    users = [await register(client) for _ in range(5)]
    walked: list[dict[str, Any]] = []
    path: str | None = f"{PATH}?limit={limit}"
    while path:
        document, path = await page(client, path)
        assert 1 <= len(document["items"]) <= limit
        assert (document["next_cursor"] is None) == (path is None)
        walked += document["items"]
    assert walked == users[::-1]


async def test_cursor_and_link_lead_to_the_same_page(client: aiohttp.ClientSession) -> None:
    for _ in range(3):
        await register(client)
    document, path = await page(client, f"{PATH}?limit=2")
    assert path is not None
    assert await page(client, f"{PATH}?limit=2&cursor={document['next_cursor']}") == await page(client, path)


async def test_default_limit_is_20(client: aiohttp.ClientSession) -> None:
    for _ in range(21):
        await register(client)
    document, path = await page(client, PATH)
    assert len(document["items"]) == 20
    assert path is not None


async def test_accepts_another_limit_for_the_next_page(client: aiohttp.ClientSession) -> None:
    users = [await register(client) for _ in range(4)]
    document, _ = await page(client, f"{PATH}?limit=1")
    document, _ = await page(client, f"{PATH}?limit=100&cursor={document['next_cursor']}")
    assert document["items"] == users[2::-1]


@pytest.mark.parametrize("limit", ["0", "-1", "101", "ten", "", "9" * 30, "1.5"])
async def test_refuses_a_limit_outside_of_1_to_100(client: aiohttp.ClientSession, limit: str) -> None:
    async with client.get(PATH, params={"limit": limit}) as response:
        document = await problem(response, 422, "invalid-request")
    assert [error["pointer"] for error in document["errors"]] == ["#/query/limit"]


@pytest.mark.parametrize(
    "cursor", ["", "x", "AAAA", "A" * 28, "A" * 65, "ä", "\x00", "0190b9f0-0000-7000-8000-000000000000"]
)
async def test_refuses_an_invalid_cursor(client: aiohttp.ClientSession, cursor: str) -> None:
    async with client.get(PATH, params={"cursor": cursor}) as response:
        document = await problem(response, 422, "invalid-request")
    assert [error["pointer"] for error in document["errors"]] == ["#/query/cursor"]


async def test_refuses_a_modified_cursor(client: aiohttp.ClientSession) -> None:
    for _ in range(2):
        await register(client)
    document, _ = await page(client, f"{PATH}?limit=1")
    cursor = document["next_cursor"]
    changed = ("B" if cursor[0] == "A" else "A") + cursor[1:]
    async with client.get(PATH, params={"cursor": changed}) as response:
        await problem(response, 422, "invalid-request")
