"""What every request and response has to keep to: a known host, and the headers of ours."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from starlette.types import Message, Receive, Scope, Send

from friends_service.chassis.database import Database
from friends_service.chassis.health import Health
from friends_service.chassis.limits import RAW_SECURITY_HEADERS, ResponseHeadersMiddleware
from friends_service.chassis.settings import ChassisSettings

from .conftest import Boot
from .sample import application

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@pytest.mark.parametrize(
    "path", ["/sample/items", "/nowhere", "/sample/boom", "/sample/forbidden", "/health/live", "/sample/stream"]
)
async def test_every_response_has_security_headers_and_its_id(sample: aiohttp.ClientSession, path: str) -> None:
    async with sample.get(path, headers={"X-Request-ID": "my-id"}) as response:
        assert response.headers.getall("X-Request-ID") == ["my-id"]
        for name, value in SECURITY_HEADERS.items():
            assert response.headers.getall(name) == [value]


async def test_a_response_with_a_policy_of_its_own_keeps_it(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/api/docs") as response:
        [policy] = response.headers.getall("Content-Security-Policy")
    assert policy != SECURITY_HEADERS["Content-Security-Policy"]


@pytest.mark.parametrize("draining", [True, False])
async def test_responses_while_draining_close_their_connection(database: Database, draining: bool) -> None:  # noqa: FBT001
    health = Health(database)
    sent: list[Message] = []

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        health.draining = draining
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x", b"y")]})

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    await ResponseHeadersMiddleware(app, health=health)({"type": "http"}, receive, send)
    assert sent[0]["headers"] == [
        (b"x", b"y"),
        *RAW_SECURITY_HEADERS,
        *([(b"connection", b"close")] if draining else []),
    ]


async def test_cors_is_off_by_default(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/sample/items", headers={"Origin": "https://a.example"}) as response:
        assert not [name for name in response.headers if name.startswith("Access-Control-")]


@pytest.fixture(scope="module")
async def restricted_url(boot: Boot, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    settings = ChassisSettings(
        log_file=Path(tmp_path_factory.mktemp("log")) / "lines",
        allowed_hosts=frozenset({"api.example", "*.shop.example", "[::1]"}),
        cors_allowed_origins=frozenset({"https://a.example"}),
    )
    async with boot(application(settings)) as url:
        yield url


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
    "host", ["", "example", "evil.example", "shop.example", "api.example.evil", "xapi.example", "[::2]"]
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
