"""The service answers for its own hosts, and health checks for any."""

import aiohttp
import pytest

from ..raw_http import answer_to, statuses


@pytest.mark.parametrize(
    "host", ["api.example", "API.example:8001", "a.shop.example", "b.a.shop.example:1", "[::1]:80", "[::1]"]
)
async def test_answers_for_allowed_hosts(restricted_url: str, host: str) -> None:
    async with (
        aiohttp.ClientSession(restricted_url) as session,
        session.get("/sample/items", headers={"Host": host}) as response,
    ):
        assert response.status == 200


@pytest.mark.parametrize(
    "host", ["example", "evil.example", "shop.example", "api.example.evil", "xapi.example", "[::2]"]
)
async def test_answers_421_for_other_hosts(restricted_url: str, host: str) -> None:
    async with aiohttp.ClientSession(restricted_url) as session:
        async with session.get("/sample/items", headers={"Host": host}) as response:
            assert response.status == 421
            problem = await response.json(content_type="application/problem+json")
        assert problem["type"] == "/problems/misdirected-request"
        assert problem["detail"] == "This service does not answer for that host."
        assert response.headers["X-Frame-Options"] == "DENY"
        async with session.get("/health/live", headers={"Host": host}) as response:
            assert response.status == 200


async def test_the_host_of_an_absolute_target_is_the_one_that_counts(restricted_url: str) -> None:
    own, other = b"GET http://api.example/sample/items", b"GET http://other.example/sample/items"
    for target, host, status in [(own, b"other.example", 200), (other, b"api.example", 421)]:
        answer = await answer_to(
            restricted_url, target + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n"
        )
        assert statuses(answer) == [status]
