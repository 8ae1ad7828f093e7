import aiohttp
import asyncpg

PATH = "/api/v1/accounts"


async def create(client: aiohttp.ClientSession, name: str) -> dict[str, str]:
    async with client.post(PATH, json={"name": name}) as response:
        assert response.status == 201
        created: dict[str, str] = await response.json()
        assert response.headers["Location"] == f"{PATH}/{created['id']}"
        return created


async def test_documents_the_headers_that_it_sends(client: aiohttp.ClientSession) -> None:
    async with client.get("/api/openapi.json") as response:
        paths = (await response.json())["paths"]
    assert "Location" in paths[PATH]["post"]["responses"]["201"]["headers"]
    assert "Link" in paths[PATH]["get"]["responses"]["200"]["headers"]


async def test_creates_one_and_commits_it(client: aiohttp.ClientSession, connection: asyncpg.Connection) -> None:
    created = await create(client, "  First  ")
    assert created["name"] == "First"
    query = 'SELECT name FROM "accounts" WHERE id = $1'
    assert await connection.fetchval(query, created["id"]) == "First"


async def test_gets_one(client: aiohttp.ClientSession) -> None:
    created = await create(client, "Second")
    async with client.get(f"{PATH}/{created['id']}") as response:
        assert response.status == 200
        assert await response.json() == created


async def test_says_when_there_is_no_such_one(client: aiohttp.ClientSession) -> None:
    async with client.get(f"{PATH}/00000000-0000-7000-8000-000000000000") as response:
        assert response.status == 404
        assert (await response.json())["type"] == "/problems/account-not-found"


async def test_refuses_a_blank_name_and_unknown_fields(client: aiohttp.ClientSession) -> None:
    async with client.post(PATH, json={"name": "  ", "colour": "red"}) as response:
        assert response.status == 422
        pointers = [error["pointer"] for error in (await response.json())["errors"]]
    assert pointers == ["#/name", "#/colour"]


async def test_lists_all_newest_first_page_by_page(client: aiohttp.ClientSession) -> None:
    names = ["one", "two", "three"]
    for name in names:
        await create(client, name)
    found: list[str] = []
    path = f"{PATH}?limit=1"
    while len(found) < len(names):
        async with client.get(path) as response:
            page = await response.json()
            found += [item["name"] for item in page["items"]]
            path = f"{PATH}?limit=1&cursor={page['next_cursor']}"
    assert found == ["three", "two", "one"]


async def test_refuses_a_cursor_that_it_did_not_make(client: aiohttp.ClientSession) -> None:
    async with client.get(f"{PATH}?cursor=nonsense") as response:
        assert response.status == 422
