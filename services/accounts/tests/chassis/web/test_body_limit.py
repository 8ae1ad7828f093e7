"""A body above the limit is refused before it is read, and the client gets the response."""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chassis.web import http_protocol

from ..log_reader import read_log
from ..raw_http import answer_to, connection_to

LIMIT = 2**20
BODY = b'{"name": "lamp", "day": "2026-01-01"}'


async def lines_of(request_id: str, log: Path) -> list[dict[str, Any]]:
    """Return the access lines of a request once it is over; other requests may end meanwhile."""
    async with asyncio.timeout(60):
        while True:
            lines = [line for line in read_log(log) if line.get("request_id") == request_id]
            if any(line["logger"] == "access" for line in lines):
                return lines
            await asyncio.sleep(0.01)


async def pieces(size: int) -> AsyncIterator[bytes]:
    for start in range(0, size, 2**16):
        yield b" " * min(2**16, size - start)


@pytest.mark.parametrize("path", ["/sample/items", "/sample/upload", "/sample/echo"])
@pytest.mark.parametrize("expect", [{"Expect": "100-continue"}, {}], ids=["waiting", "eager"])
async def test_refuses_a_content_length_above_the_limit(
    sample: aiohttp.ClientSession, sample_log: Path, path: str, expect: dict[str, str]
) -> None:
    headers = {"Content-Type": "application/json", **expect}
    async with sample.post(path, data=io.BytesIO(b" " * (LIMIT + 1)), headers=headers) as response:
        assert response.status == 413
        assert response.headers["Connection"] == "close"
        problem = await response.json(content_type="application/problem+json")
    [line] = await lines_of(response.headers["X-Request-ID"], sample_log)
    assert line["http.response.body.size"] == int(response.headers["Content-Length"])
    assert line["message"] == f"POST {path} 413"
    assert problem["type"] == "/problems/body-too-large"
    assert problem["title"] == "Request body too large"
    assert problem["detail"] == f"The body may be at most {LIMIT} bytes."


@pytest.mark.parametrize("path", ["/sample/items", "/sample/upload", "/sample/echo"])
async def test_refuses_a_chunked_body_above_the_limit(sample_url: str, path: str) -> None:
    reader, writer = await connection_to(sample_url)
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
async def test_responds_to_a_client_that_sends_everything_before_it_reads(
    sample_url: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "LINGER_SECONDS", 30)  # a busy machine may take longer than the default
    reader, writer = await connection_to(sample_url)
    writer.write(f"POST /sample/items HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode())
    async for piece in pieces(size):
        writer.write(piece)
        await writer.drain()
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_accepts_a_body_at_the_limit_without_delay(
    sample: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "LINGER_SECONDS", 600)
    headers = {"Content-Type": "application/json"}
    async with asyncio.timeout(60):
        async with sample.post("/sample/items", data=io.BytesIO(BODY.ljust(LIMIT)), headers=headers) as response:
            assert response.status == 201
        async with sample.post("/sample/upload", data=pieces(LIMIT)) as response:
            assert await response.json() == LIMIT


async def test_sends_no_100_continue_for_a_body_above_the_limit(sample_url: str, sample_log: Path) -> None:
    head = ["POST /sample/items HTTP/1.1", "Host: x", f"Content-Length: {10**18}", "Expect: 100-continue"]
    request = "\r\n".join([*head, "X-Request-ID: a-body-too-large", "", ""]).encode()
    assert (await answer_to(sample_url, request)).startswith(b"HTTP/1.1 413 ")
    [line] = await lines_of("a-body-too-large", sample_log)
    assert line["message"] == "POST /sample/items 413"


async def test_refuses_a_content_length_above_the_limit_without_any_body(sample_url: str) -> None:
    request = f"POST /sample/items HTTP/1.0\r\nContent-Length: {10**18}\r\n\r\n".encode()
    async with asyncio.timeout(60):
        assert (await answer_to(sample_url, request)).startswith(b"HTTP/1.1 413 ")
