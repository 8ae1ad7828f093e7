"""The memory of a request is released when it is over, however it ends."""

import io
from collections.abc import AsyncIterator
from typing import Final

import aiohttp
import pytest

from ..process.serving import served
from ..process_memory import resident_mib
from ..raw_http import connection_to

REQUESTS: Final = 150
MAX_GROWTH: Final = 80  # MiB; each leaked request would add one
MIB: Final = 2**20
JSON: Final = "application/json"


def filled(beginning: str, item: str, end: str) -> bytes:
    """Return a document of one MiB."""
    return (beginning + item * ((MIB - len(beginning) - len(end)) // len(item)) + end).encode()


def unknown_names() -> bytes:
    return ("{" + ",".join(f'"k{number:x}":1' for number in range(95_000)) + "}").encode().ljust(MIB)


@pytest.fixture(scope="module")
async def process(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[int, str]]:
    """Yield the process id and the URL of the sample."""
    log = tmp_path_factory.mktemp("log") / "lines"
    async with served(log, DRAIN_DELAY="0", LOG_LEVEL="CRITICAL") as (process, url):
        yield process.pid, url


@pytest.mark.parametrize(
    ("path", "body", "media_type", "status"),
    [
        ("/sample/items", unknown_names(), JSON, 422),
        ("/sample/items", filled('{"name":"', "x", '","day":"2026-01-01"}'), JSON, 422),
        ("/sample/items", filled('{"name":"', r"\u00e9", '","day":"2026-01-01"}'), JSON, 422),
        ("/crates", filled('{"numbers":[', '"x",', '"x"]}'), JSON, 422),
        ("/sample/items", filled('{"name":"', "x", ""), JSON, 422),
        ("/plain-crates", filled('{"name":"', "x", ""), JSON, 422),
        ("/sample/items", filled("", "9", ""), JSON, 422),
        ("/sample/items", filled("", "[", ""), JSON, 422),
        ("/sample/items", filled('{"name":"', "x", '"}'), "text/plain", 415),
        ("/sample/items", filled("", "x", "more"), JSON, 413),
        ("/crates/broken", filled('{"name":"', "x", '"}'), JSON, 500),
    ],
    ids=[
        "unknown names",
        "a long text",
        "escapes",
        "wrong types",
        "no json",
        "no json for a plain router",
        "digits",
        "deep",
        "media type",
        "too large",
        "a bug",
    ],
)
async def test_failed_requests_leave_no_memory_behind(
    process: tuple[int, str], path: str, body: bytes, media_type: str, status: int
) -> None:
    process_id, url = process
    headers = {"Content-Type": media_type}
    body = body if status != 413 else body + b" " * MIB
    async with aiohttp.ClientSession(url, headers=headers) as client:
        before = 0.0
        for _ in range(REQUESTS):
            async with client.post(path, data=io.BytesIO(body)) as response:
                assert response.status == status
            before = before or resident_mib(process_id)
    assert resident_mib(process_id) - before < MAX_GROWTH


async def test_clients_that_disconnect_leave_no_memory_behind(process: tuple[int, str]) -> None:
    process_id, url = process
    before = resident_mib(process_id)
    for _ in range(REQUESTS):
        _, writer = await connection_to(url)
        writer.write(b"POST /crates HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
        writer.write(b"Content-Length: %d\r\n\r\n" % MIB + b" " * (MIB - 1))
        await writer.drain()
        writer.transport.abort()
    async with aiohttp.ClientSession(url) as client, client.get("/health/live") as response:
        assert response.status == 200
    assert resident_mib(process_id) - before < MAX_GROWTH


async def test_idle_connections_release_the_memory_of_their_last_request(process: tuple[int, str]) -> None:
    process_id, url = process
    request = b"GET /health/live HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 60_000 + b"\r\n\r\n"
    before, writers = resident_mib(process_id), []
    for _ in range(REQUESTS):
        reader, writer = await connection_to(url)
        writer.write(request)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        writers.append(writer)
    assert resident_mib(process_id) - before < 5, "the headers of all are 9 MB"
    for writer in writers:
        writer.close()
