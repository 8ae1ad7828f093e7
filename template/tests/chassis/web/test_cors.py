"""Browsers may call the service only from configured origins, and may then read every response."""

import asyncio
import io
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
from fastapi import FastAPI
from starlette.middleware.base import RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response

from ..conftest import Boot
from ..log_reader import access_lines, empty
from ..process.serving import served
from ..raw_http import answer_to, statuses
from ..sample_service.main import create_app
from ..sample_service.settings import Settings

ORIGIN = "https://a.example"
FOREIGN = "https://b.example"
HEADERS = {"Host": "api.example", "Origin": ORIGIN}
PREFLIGHT = {"Access-Control-Request-Method": "DELETE"}


async def test_cors_is_off_by_default(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/sample/items", headers={"Origin": ORIGIN}) as response:
        assert not [name for name in response.headers if name.startswith("Access-Control-")]


async def test_allows_configured_origins_only(restricted_url: str) -> None:
    async with aiohttp.ClientSession(restricted_url, headers={"Host": "api.example"}) as session:
        for origin, allowed in ((ORIGIN, ORIGIN), (FOREIGN, None)):
            async with session.get("/sample/items", headers={"Origin": origin}) as response:
                assert response.headers.get("Access-Control-Allow-Origin") == allowed
                assert response.headers["Vary"] == "Origin"


async def test_allows_any_header_and_method_for_a_configured_origin(restricted_url: str) -> None:
    asked = PREFLIGHT | {"Access-Control-Request-Headers": "content-type,x-request-id"}
    async with aiohttp.ClientSession(restricted_url, headers=HEADERS) as session:
        async with session.options("/sample/items", headers=asked) as response:
            assert response.status == 200
            assert "DELETE" in response.headers["Access-Control-Allow-Methods"].split(", ")
            assert response.headers["Access-Control-Allow-Headers"] == "content-type,x-request-id"
        async with session.get("/sample/items") as response:
            readable = set(response.headers["Access-Control-Expose-Headers"].split(", "))
    assert readable == {"X-Request-ID", "Location", "Link", "Retry-After", "WWW-Authenticate"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status"),
    [
        ("GET", "/nowhere", {}, b"", 404),
        ("DELETE", "/sample/items", {}, b"", 405),
        ("GET", "/sample/items", {"Host": "other.example"}, b"", 421),
        ("POST", "/sample/items", {}, b" " * (2**20 + 1), 413),
        ("POST", "/sample/items", {"Content-Type": "text/plain"}, b"x", 415),
        ("POST", "/sample/items", {"Content-Type": "application/json"}, b"x", 422),
        ("GET", "/sample/boom", {}, b"", 500),
        ("GET", "/sample/crowded", {}, b"", 503),
        ("GET", "/sample/upstream", {}, b"", 503),
        ("GET", "/health/ready", {}, b"", 503),
    ],
)
async def test_sends_cors_headers_with_errors(
    restricted_url: str, method: str, path: str, headers: dict[str, str], body: bytes, status: int
) -> None:
    async with (
        aiohttp.ClientSession(restricted_url, headers=HEADERS) as session,
        session.request(method, path, headers=headers, data=io.BytesIO(body) if body else None) as response,
    ):
        assert response.status == status
        assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "X-Request-ID" in response.headers["Access-Control-Expose-Headers"]
        assert response.headers["Vary"] == "Origin"


async def test_sends_cors_headers_with_errors_of_malformed_requests(restricted_url: str) -> None:
    head = b"Host: api.example\r\nOrigin: https://a.example\r\nTransfer-Encoding: chunked\r\n"
    asked = b"Access-Control-Request-Method: GET\r\n"
    for line in (b"POST /sample/items HTTP/1.1\r\n", b"OPTIONS /sample/items HTTP/1.1\r\n" + asked):
        answer = await answer_to(restricted_url, line + head + b"Transfer-Encoding: gzip\r\n\r\n")
        assert statuses(answer) in ([400], [501]), "a malformed preflight must be refused"
    request = b"POST /sample/items HTTP/1.1\r\nContent-Type: application/json\r\n" + head + b"\r\nnonsense\r\n"
    answer = await answer_to(restricted_url, request)
    assert statuses(answer) == [400]
    assert b"access-control-allow-origin: https://a.example\r\n" in answer


async def failing(_request: Request, _call_next: RequestResponseEndpoint) -> Response:
    raise RuntimeError("planted")


@pytest.fixture
async def failing_app(sample_log: Path) -> FastAPI:
    app = create_app(Settings(log_file=sample_log, cors_allowed_origins=frozenset({ORIGIN})))
    app.middleware("http")(failing)
    return app


async def test_sends_cors_headers_if_middleware_of_the_service_fails(failing_app: FastAPI, boot: Boot) -> None:
    async with boot(failing_app) as url, aiohttp.ClientSession(url, headers={"Origin": ORIGIN}) as session:
        async with session.get("/sample/items") as response:
            assert response.status == 500
            assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
        async with session.options("/sample/items", headers=PREFLIGHT) as response:
            assert response.status == 200, "the chassis handles preflights, not the service"


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Yield a socket in place of the database that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(0)
        yield silent


async def test_sends_cors_headers_with_the_503_during_shutdown(tmp_path: Path, silent: socket.socket) -> None:
    database = {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": str(silent.getsockname()[1])}
    patience = {"DATABASE_TIMEOUT": "600", "DATABASE_CONNECT_TIMEOUT": "600"}
    limits = {"SHUTDOWN_TIMEOUT": "1", "DRAIN_DELAY": "0", "CORS_ALLOWED_ORIGINS": ORIGIN}
    async with served(tmp_path / "log", **database, **patience, **limits) as (process, url):
        async with aiohttp.ClientSession(url, headers={"Origin": ORIGIN}) as client:
            request = asyncio.create_task(client.get("/health/ready"))
            async with asyncio.timeout(60):
                called, _ = await asyncio.get_running_loop().sock_accept(silent)
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(60), await request as response:
                problem = await response.json(content_type="application/problem+json")
        called.close()
    assert (response.status, problem["type"]) == (503, "/problems/shutting-down")
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.fixture
async def restricted(sample_log: Path, boot: Boot) -> AsyncIterator[aiohttp.ClientSession]:
    """Yield a client of an application that allows one origin and writes to that log."""
    app = create_app(Settings(log_file=sample_log, cors_allowed_origins=frozenset({ORIGIN})))
    async with boot(app) as url, aiohttp.ClientSession(url) as session:
        empty(sample_log)
        yield session


@pytest.mark.parametrize(
    ("origin", "method", "detail"),
    [
        (FOREIGN, "DELETE", "Disallowed CORS origin."),
        (ORIGIN, "BREW", "Disallowed CORS method."),
        (FOREIGN, "BREW", "Disallowed CORS origin, method."),
        (ORIGIN.upper(), "GET", "Disallowed CORS origin."),
        (f"{ORIGIN}/", "GET", "Disallowed CORS origin."),
        (f"{ORIGIN}.evil", "GET", "Disallowed CORS origin."),
        ("null", "GET", "Disallowed CORS origin."),
    ],
)
async def test_refused_preflight_is_a_problem_with_an_access_line(
    restricted: aiohttp.ClientSession, sample_log: Path, origin: str, method: str, detail: str
) -> None:
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    async with restricted.options("/sample/items", headers=headers) as response:
        problem = await response.json(content_type="application/problem+json")
        assert response.headers["Content-Length"] == str(len(await response.read()))
    assert (problem["status"], problem["detail"], problem["instance"]) == (400, detail, "/sample/items")
    assert "Origin" in response.headers["Vary"].split(", ")
    assert response.headers.get("Access-Control-Allow-Origin") == (ORIGIN if origin == ORIGIN else None)
    assert response.headers["X-Frame-Options"] == "DENY"
    [line] = await access_lines(sample_log)
    assert (line["http.response.status_code"], line["request_id"]) == (400, problem["request_id"])


async def test_does_not_take_a_plain_options_request_for_a_preflight(restricted: aiohttp.ClientSession) -> None:
    async with restricted.options("/sample/any", headers={"Origin": ORIGIN}) as response:
        assert response.status == 200
        assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "Access-Control-Allow-Methods" not in response.headers


async def test_allows_any_origin_if_configured(boot: Boot) -> None:
    app = create_app(Settings(cors_allowed_origins=frozenset({"*"})))
    async with boot(app) as url, aiohttp.ClientSession(url, headers={"Origin": FOREIGN}) as session:
        for request in (session.get("/sample/boom"), session.options("/sample/items", headers=PREFLIGHT)):
            async with request as response:
                assert response.headers["Access-Control-Allow-Origin"] == "*"
                assert "Access-Control-Allow-Credentials" not in response.headers
