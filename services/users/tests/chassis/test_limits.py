"""What every request and response has to keep to."""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from starlette.types import Message, Receive, Scope, Send

from users_service.chassis import body_limit
from users_service.chassis.database import Database
from users_service.chassis.health import Health
from users_service.chassis.limits import RAW_SECURITY_HEADERS, ResponseHeadersMiddleware
from users_service.chassis.settings import ChassisSettings

from .conftest import Boot
from .sample import access_lines, application, empty, read_log

LIMIT = 2**20
BODY = b'{"name": "lamp", "day": "2026-01-01"}'
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


async def pieces(size: int) -> AsyncIterator[bytes]:
    for start in range(0, size, 2**16):
        yield b" " * min(2**16, size - start)


@pytest.mark.parametrize("path", ["/sample/items", "/sample/upload", "/sample/echo"])
@pytest.mark.parametrize("expect", [{"Expect": "100-continue"}, {}], ids=["waiting", "eager"])
async def test_refuses_a_body_above_the_limit_by_its_length(
    sample: aiohttp.ClientSession, sample_log: Path, path: str, expect: dict[str, str]
) -> None:
    headers = {"Content-Type": "application/json", **expect}
    async with sample.post(path, data=io.BytesIO(b" " * (LIMIT + 1)), headers=headers) as response:
        assert response.status == 413
        assert response.headers["Connection"] == "close"
        problem = await response.json(content_type="application/problem+json")
    [line] = await access_lines(sample_log)
    assert line["http.response.body.size"] == int(response.headers["Content-Length"])
    assert [each["message"] for each in read_log(sample_log)] == [f"POST {path} 413"]
    assert problem["type"] == "/problems/body-too-large"
    assert problem["title"] == "Request body too large"
    assert problem["detail"] == f"The body may have at most {LIMIT} bytes."


@pytest.mark.parametrize("path", ["/sample/items", "/sample/upload", "/sample/echo"])
async def test_refuses_a_body_above_the_limit_that_comes_in_chunks(sample_url: str, path: str) -> None:
    host, _, port = sample_url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    writer.write(head.encode())
    with contextlib.suppress(ConnectionError):
        async for piece in pieces(LIMIT + 1):
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
    answer = await reader.read(2**16)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in answer
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize("size", [LIMIT + 1, 30 * LIMIT])
async def test_a_client_that_sends_all_before_it_reads_gets_its_answer(
    sample_url: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_limit, "LINGER_SECONDS", 30)  # a busy machine takes longer than a client gets
    host, _, port = sample_url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"POST /sample/items HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode())
    async for piece in pieces(size):
        writer.write(piece)
        await writer.drain()
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_accepts_a_body_at_the_limit_and_waits_for_nothing_else(
    sample: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_limit, "LINGER_SECONDS", 600)
    headers = {"Content-Type": "application/json"}
    async with asyncio.timeout(60):
        async with sample.post("/sample/items", data=io.BytesIO(BODY.ljust(LIMIT)), headers=headers) as response:
            assert response.status == 201
        async with sample.post("/sample/upload", data=pieces(LIMIT)) as response:
            assert await response.json() == LIMIT


async def test_asks_for_no_body_that_it_would_refuse(sample_url: str, sample_log: Path) -> None:
    empty(sample_log)
    host, _, port = sample_url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /sample/items HTTP/1.1\r\nHost: x\r\nContent-Length: {10**18}\r\nExpect: 100-continue\r\n\r\n"
    writer.write(head.encode())
    answer = await reader.read()  # to the end: the connection is closed
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")
    await access_lines(sample_log)
    assert [each["message"] for each in read_log(sample_log)] == ["POST /sample/items 413"]


@pytest.mark.parametrize(
    "path", ["/sample/items", "/nowhere", "/sample/boom", "/sample/forbidden", "/health/live", "/sample/stream"]
)
async def test_every_response_has_security_headers(sample: aiohttp.ClientSession, path: str) -> None:
    async with sample.get(path) as response:
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
