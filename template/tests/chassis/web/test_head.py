"""Every GET route also supports HEAD, with the same headers and no body (RFC 9110 section 9.3.2)."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
from fastapi import APIRouter, BackgroundTasks, FastAPI, Request, Response
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, StreamingResponse

from chassis.application import build_application
from chassis.database import Database

from ..conftest import Boot
from ..log_reader import access_lines, empty
from ..raw_http import connection_to
from ..sample_service.settings import Settings

Heads = tuple[int, dict[str, str]]


async def head_of(url: str, method: str, path: str) -> Heads:
    """Return status and headers, except for those that vary per request; for HEAD check that no body follows."""
    reader, writer = await connection_to(url)
    request = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nX-Request-ID: same\r\n"
    writer.write(f"{request}Connection: close\r\n\r\n".encode())
    async with asyncio.timeout(30):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if method == "HEAD":
            assert await reader.read() == b""
    writer.close()
    status, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    for name in ("date", "transfer-encoding", "keep-alive"):  # the framing of the omitted body
        headers.pop(name, None)
    return int(status.split()[1]), headers


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/health/live", 200),
        ("/health/ready", 503),
        ("/api/docs", 200),
        ("/api/redoc", 200),
        ("/api/openapi.json", 200),
        ("/api/docs/assets/swagger-ui.css", 200),
        ("/sample/items", 200),
        ("/sample/items/nonsense", 422),
        ("/sample/items/00000000-0000-0000-0000-000000000007", 200),
        ("/sample/parts/00000000-0000-0000-0000-000000000007", 200),
        ("/sample/forbidden", 403),
        ("/sample/status/304", 304),
        ("/sample/upstream", 503),
        ("/sample/stream", 200),
        ("/sample/boom", 500),
        ("/sample/upload", 405),
        ("/sample/nowhere", 404),
    ],
)
async def test_sends_the_headers_of_get_without_a_body(sample_url: str, path: str, status: int) -> None:
    head = await head_of(sample_url, "HEAD", path)
    assert head == await head_of(sample_url, "GET", path)
    assert head[0] == status
    assert status == 304 or path == "/sample/stream" or int(head[1]["content-length"]) > 0


async def test_keeps_the_connection_after_head_of_an_endless_stream(sample_url: str, sample_log: Path) -> None:
    empty(sample_log)
    reader, writer = await connection_to(sample_url)
    for path in ("/sample/endless", "/sample/items"):
        writer.write(f"HEAD {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        async with asyncio.timeout(30):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    writer.close()
    lines = await access_lines(sample_log, 2, method="HEAD")
    assert [(line["http.request.method"], line["http.route"]) for line in lines] == [
        ("HEAD", "/sample/endless"),
        ("HEAD", "/sample/items"),
    ]


async def test_is_not_documented_as_a_separate_operation(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/api/openapi.json") as response:
        paths = (await response.json())["paths"]
    assert not [path for path, operations in paths.items() if "head" in operations]


class Own:
    """A service with custom HEAD responses, a file, an endless stream and a background task."""

    def __init__(self, folder: Path) -> None:
        self.events: asyncio.Queue[str] = asyncio.Queue()
        self.router = APIRouter()
        (folder / "file").write_bytes(b"x" * 200_000)

        @self.router.get("/both")
        async def get_both() -> str:
            return "GET"

        @self.router.head("/both")
        async def head_both(response: Response) -> None:
            response.headers["X-Own"] = "HEAD"

        @self.router.get("/file")
        async def file() -> FileResponse:
            return FileResponse(folder / "file")

        @self.router.get("/endless")
        async def endless() -> StreamingResponse:
            return StreamingResponse(self._chunks())

        @self.router.get("/task")
        async def task(tasks: BackgroundTasks) -> str:
            tasks.add_task(self.events.put_nowait, "task done")
            return "queued"

        @self.router.get("/big")
        async def big() -> str:
            return "x" * 5000

        @self.router.get("/method")
        async def method(request: Request, response: Response) -> None:
            response.headers["X-Method"] = request.method

    async def _chunks(self) -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"chunk"
                await asyncio.sleep(0.01)
        finally:
            self.events.put_nowait("stream closed")


@pytest.fixture(scope="module")
def own() -> Iterator[Own]:
    with tempfile.TemporaryDirectory() as folder:
        yield Own(Path(folder))


@pytest.fixture(scope="module")
async def own_url(own: Own, sample_settings: Settings, boot: Boot) -> AsyncIterator[str]:
    app = build_application(
        sample_settings,
        database=Database(sample_settings),
        routers=[own.router],
        problems=[],
        middleware=[Middleware(GZipMiddleware, minimum_size=1000)],
    )
    app.add_api_route("/later", lambda: "later")
    mounted = FastAPI()
    mounted.add_api_route("/x", lambda: "x")
    app.mount("/mounted", mounted)
    async with boot(app) as url:
        yield url


@pytest.mark.parametrize("path", ["/big", "/file", "/later", "/method"])
async def test_sends_the_headers_of_get_for_files_and_through_middleware(own_url: str, path: str) -> None:
    assert await head_of(own_url, "HEAD", path) == await head_of(own_url, "GET", path)


async def test_uses_the_head_route_of_a_service(own_url: str) -> None:
    assert (await head_of(own_url, "HEAD", "/both"))[1]["x-own"] == "HEAD"
    assert "x-own" not in (await head_of(own_url, "GET", "/both"))[1]


async def test_leaves_head_to_mounted_applications(own_url: str) -> None:
    assert (await head_of(own_url, "HEAD", "/mounted/x"))[0] == 405


async def test_head_closes_streams_and_runs_background_tasks(own: Own, own_url: str) -> None:
    await head_of(own_url, "HEAD", "/endless")
    await head_of(own_url, "HEAD", "/task")
    async with asyncio.timeout(30):
        assert {await own.events.get(), await own.events.get()} == {"stream closed", "task done"}
