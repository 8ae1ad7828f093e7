"""Each phase of a request has a timeout; a closed or idle connection holds no resources."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chassis.web import connections
from chassis.web.connections import Limits

from ...booting import booted
from ..log_reader import access_lines, empty, read_log
from ..raw_http import answer_to, connection_to, reset_when_closed, statuses
from ..sample_service.main import create_app
from ..sample_service.settings import Settings

GET = b"GET /sample/items HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /sample/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"
SLOW = b"GET /sample/slow?seconds=1.5 HTTP/1.1\r\nHost: x\r\n\r\n"
BLINK = Limits(head=0.2, body=0.2, write=1, keep_alive=0.2)
PATIENCE = 60


@pytest.fixture(scope="module")
async def url(sample_settings: Settings) -> AsyncIterator[str]:
    async with booted(create_app(sample_settings), BLINK) as url:
        yield url


@pytest.fixture
def log(sample_log: Path) -> Path:
    empty(sample_log)
    return sample_log


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (b"GET /sam", [408]),
        (GET, [408]),
        (POST + b"abc", [408]),
        (POST.replace(b"upload", b"items") + b"abc", [408]),
        (GET + b"\r\n" + GET, [200, 408]),
        (GET + b"\r\n" + POST + b"abc", [200, 408]),
        (SLOW + GET, [200, 408]),
        (SLOW + POST + b"abc", [200, 408]),
        (SLOW, [200]),
        (GET + b"\r\n", [200]),
    ],
)
async def test_responds_408_if_the_request_is_not_sent_in_time(
    url: str, request_: bytes, expected: list[int], log: Path
) -> None:
    assert statuses(await answer_to(url, request_)) == expected
    lines = await access_lines(log, len(expected))
    assert [line["http.response.status_code"] for line in lines] == expected
    assert not [line for line in read_log(log) if line["level"] == "ERROR"]


@pytest.mark.parametrize("nothing", [b"", b"\r\n", GET + b"\r\n\r\n"])
async def test_closes_a_connection_without_any_request_silently(url: str, nothing: bytes, log: Path) -> None:
    assert statuses(await answer_to(url, nothing)) == [200] * nothing.count(b"GET")
    assert not [line for line in read_log(log) if line["level"] != "INFO"]


async def test_slow_bytes_do_not_extend_the_timeout(url: str) -> None:
    reader, writer = await connection_to(url)
    trickle = asyncio.create_task(trickled(writer, GET + b"X: " + b"x" * 10_000))
    async with asyncio.timeout(PATIENCE):
        assert statuses(await reader.read()) == [408]
    trickle.cancel()
    writer.close()


async def trickled(writer: asyncio.StreamWriter, text: bytes) -> None:
    for byte in text:
        writer.write(bytes([byte]))
        await asyncio.sleep(0.01)


async def test_waits_for_a_body_that_arrives_at_the_minimum_rate(url: str) -> None:
    reader, writer = await connection_to(url)
    writer.write(POST.replace(b"10", b"20000"))
    for _ in range(10):
        await asyncio.sleep(0.1)  # in total far longer than the timeout
        writer.write(b"x" * 2000)
    async with asyncio.timeout(PATIENCE):
        assert statuses(await reader.read()) == [200]
    writer.close()


async def test_aborts_a_response_that_is_not_read(url: str, log: Path) -> None:
    with socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1]))) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.send(b"GET /sample/large?size=30000000 HTTP/1.1\r\nHost: x\r\n\r\n")
        await access_lines(log)
        client.settimeout(PATIENCE)
        received = await asyncio.to_thread(drained, client, after=3)
    assert received < 30_000_000


def drained(client: socket.socket, *, after: float) -> int:
    """Read until the connection is closed or reset, starting late; return the bytes."""
    import time  # noqa: PLC0415

    time.sleep(after)
    received = 0
    try:
        while chunk := client.recv(2**20):
            received += len(chunk)
    except ConnectionResetError:
        pass
    return received


async def test_does_not_abort_a_response_that_is_read_slowly(url: str) -> None:
    reader, writer = await connection_to(url)
    writer.write(b"GET /sample/large?size=12000000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    received = 0
    async with asyncio.timeout(PATIENCE):
        while chunk := await reader.read(400_000):
            received += len(chunk)
            await asyncio.sleep(0.05)
    writer.close()
    assert received > 12_000_000


async def test_closes_a_client_that_keeps_sending_after_a_refusal(url: str) -> None:
    reader, writer = await connection_to(url)
    writer.write(b"nonsense\r\n\r\n")
    flood = asyncio.create_task(flooded(writer))
    async with asyncio.timeout(PATIENCE):
        assert statuses(await reader.read(2000)) == [400]
        await flood


async def flooded(writer: asyncio.StreamWriter) -> None:
    """Send until the other side accepts no more."""
    try:
        while True:
            writer.write(b"x" * 2**16)
            await writer.drain()
            await asyncio.sleep(0.01)
    except ConnectionError:
        pass


async def test_slow_sender_gets_the_refusal_of_its_body(url: str) -> None:
    reader, writer = await connection_to(url)
    writer.write(b"POST /sample/items HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n")
    for _ in range(40):  # longer than the timeout of an idle connection
        writer.write(b" " * 100_000)
        await writer.drain()
        await asyncio.sleep(0.1)
    async with asyncio.timeout(PATIENCE):
        assert statuses(await reader.read()) == [413]
    writer.close()


async def test_limits_the_total_size_of_bodies_in_progress(sample_settings: Settings) -> None:
    limits = Limits(bodies=400_000, body=60)
    half = (
        b"POST /sample/items HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n"
        + b" " * 150_000
    )
    async with booted(create_app(sample_settings), limits) as url:
        clients = [await connection_to(url) for _ in range(5)]
        for _, writer in clients:
            writer.write(half)
            await writer.drain()
            await asyncio.sleep(0.2)
        refused = [statuses(await reader.read(2000)) for reader, _ in clients[2:]]
        assert refused == [[503]] * 3
        assert statuses(
            await answer_to(url, POST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n0123456789"))
        ) == [200]
        for _, writer in clients:
            writer.close()
        await asyncio.sleep(0.2)
        whole = half.replace(b"200000", b"150000").replace(b"Host: x", b"Host: x\r\nConnection: close")
        assert statuses(await answer_to(url, whole)) == [422], "the memory must be free again"


async def test_limits_the_total_size_of_responses_that_are_not_read(
    sample_settings: Settings, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "UNSENT_LIMIT", 20_000_000)
    async with booted(create_app(sample_settings), Limits()) as url:
        clients = [socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1]))) for _ in range(4)]
        for client in clients:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.send(b"GET /sample/large?size=20000000 HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(PATIENCE):
            while not any("unread" in line["message"] for line in read_log(log)):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        for client in clients:
            client.close()


async def test_logs_499_if_the_client_resets_during_the_request(url: str, log: Path) -> None:
    _, writer = await connection_to(url)
    writer.write(SLOW + SLOW)
    await asyncio.sleep(0.1)
    reset(writer)
    lines = await access_lines(log, 2)
    assert [line["http.response.status_code"] for line in lines] == [499, 499]
    assert not [line for line in read_log(log) if line["level"] == "ERROR"]


async def test_logs_499_if_the_client_closes_during_the_request(url: str, log: Path) -> None:
    _, writer = await connection_to(url)
    writer.write(SLOW)
    await asyncio.sleep(0.1)
    writer.close()
    [line] = await access_lines(log)
    assert line["http.response.status_code"] == 499


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST, as the kernel does for a killed process with unread data."""
    reset_when_closed(writer.get_extra_info("socket"))
    writer.transport.abort()
