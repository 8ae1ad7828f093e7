"""Pages of other origins may use the service only where it says so."""

import aiohttp


async def test_cors_is_off_by_default(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/sample/items", headers={"Origin": "https://a.example"}) as response:
        assert not [name for name in response.headers if name.startswith("Access-Control-")]


async def test_allows_configured_origins_only(restricted_url: str) -> None:
    async with aiohttp.ClientSession(restricted_url, headers={"Host": "api.example"}) as session:
        for origin, allowed in (("https://a.example", "https://a.example"), ("https://b.example", None)):
            async with session.get("/sample/items", headers={"Origin": origin}) as response:
                assert response.headers.get("Access-Control-Allow-Origin") == allowed


async def test_a_page_of_such_an_origin_may_send_what_it_wants_and_read_what_we_answer(restricted_url: str) -> None:
    headers = {"Host": "api.example", "Origin": "https://a.example"}
    asked = {"Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "content-type,x-request-id"}
    async with aiohttp.ClientSession(restricted_url, headers=headers) as session:
        async with session.options("/sample/items", headers=asked) as response:
            assert response.status == 200
            assert "DELETE" in response.headers["Access-Control-Allow-Methods"].split(", ")
            assert response.headers["Access-Control-Allow-Headers"] == "content-type,x-request-id"
        async with session.get("/sample/items") as response:
            readable = set(response.headers["Access-Control-Expose-Headers"].split(", "))
    assert readable == {"X-Request-ID", "Location", "Link", "Retry-After"}
