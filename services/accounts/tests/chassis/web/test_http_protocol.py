"""HTTP over raw sockets: requests of real, broken and hostile clients, and one access line for each."""

import asyncio
import json
import re
import socket
import struct
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from chassis.web.connections import Limits

from ...booting import booted
from ..log_reader import access_lines, empty, read_log
from ..raw_http import answer_to, connection_to, statuses
from ..sample_service.main import create_app
from ..sample_service.settings import Settings

GET = b"GET /sample/items HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /sample/upload HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
CLOSE = b"Connection: close\r\n"
UPGRADES = {
    "curl --http2": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
    "WebSocket headers of nginx": b'Upgrade: websocket\r\nConnection: "upgrade"\r\nConnection: upgrade\r\n',
}


@pytest.fixture(scope="module")
async def url(sample_settings: Settings) -> AsyncIterator[str]:
    """Yield the URL of the sample, with short idle timeouts, so that each test sees its connection closed."""
    async with booted(create_app(sample_settings), Limits(keep_alive=0.3)) as url:
        yield url


@pytest.fixture
def log(sample_log: Path) -> Path:
    empty(sample_log)
    return sample_log


def body_of(answers: bytes) -> bytes:
    """Return the body of the last response."""
    return answers.rpartition(b"\r\n\r\n")[2]


async def logged(log: Path, count: int) -> list[int]:
    """Return the statuses of the access lines; fail if anything is at ERROR, since client faults are not our errors."""
    lines = await access_lines(log, count)
    assert not [line for line in read_log(log) if line["level"] in {"ERROR", "CRITICAL"} and line["logger"] != "access"]
    return [line["http.response.status_code"] for line in lines]


@pytest.mark.parametrize(
    "request_line",
    [b"FOO / HTTP/1.1", b"nonsense", b"GET / HTTP/9.9", b"GET /\xc3\xa9 HTTP/1.1", b"PRI * HTTP/2.0"],
    ids=["unknown method", "nonsense", "unknown version", "not ASCII", "HTTP/2"],
)
async def test_responds_to_malformed_http_with_a_problem_and_logs_it(url: str, request_line: bytes, log: Path) -> None:
    answer = await answer_to(url, request_line + b"\r\nHost: x\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    problem = json.loads(body)
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-request-id"] == problem["request_id"]
    assert headers["content-length"] == str(len(body))
    assert (problem["type"], problem["status"]) == ("/problems/bad-request", 400)
    assert problem["instance"] == "", "the request has no path"
    assert problem["detail"] == "This is not a valid HTTP/1.1 request."
    assert UUID(problem["request_id"]).version == 7
    [line] = await access_lines(log)
    assert line["request_id"] == problem["request_id"]
    assert line["client.address"] == "127.0.0.1"
    assert [line["level"] for line in read_log(log)] == ["INFO"]


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (b"GET /sample/items HTTP/1.1\r\n\r\n", 400),
        (b"GET /sample/items HTTP/1.1\r\nHost:\r\n\r\n", 400),
        (b"GET /sample/items HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
        (b"GET /sample/items HTTP/1.1\r\nHost: x y\r\n\r\n", 400),
        (b"GET /sample/items HTTP/1.1\r\nHost: me@x\r\n\r\n", 400),
        (b"GET /sample/items HTTP/1.1\r\nHost: x:http\r\n\r\n", 400),
        (b"GET /sample/items HTTP/1.1\r\nHost: x/\r\n\r\n", 400),
        (b"GET http://y/sample/items HTTP/1.1\r\n\r\n", 400),
        (b"GET http://me:secret@y/sample/items HTTP/1.1\r\nHost: y\r\n\r\n", 400),
        (b"GET /sample/items HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET /sample/items HTTP/1.0\r\n\r\n", 200),
        (b"GET /sample/items HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 200),
        (b"GET /sample/items HTTP/1.1\r\nHost: \t x.example:80 \t\r\n\r\n", 200),
        (b"GET http://y:80/sample/items HTTP/1.1\r\nHost: x\r\n\r\n", 200),
        (b"CONNECT y:443 HTTP/1.1\r\nHost: y\r\n\r\nrest", 400),
        (b"GET /sample/items#part HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /sample/items HTTP/2.0\r\nHost: x\r\n\r\n", 400),
        (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        (POST + b"Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n", 501),
        (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
        (POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
        (POST + b"Content-Length: -3\r\n\r\nabcd", 400),
        (GET + b"X : y\r\n\r\n", 400),
        (GET + b"X: y\r\n folded\r\n\r\n", 400),
        (GET + b"X: y\nZ: y\r\n\r\n", 400),
    ],
)
async def test_responds_by_request_line_and_headers_alone(url: str, lines: bytes, status: int, log: Path) -> None:
    assert statuses(await answer_to(url, lines)) == [status]
    [line] = await access_lines(log)
    assert line["http.response.status_code"] == status


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ([GET + b"X: " + b"x" * 70_000, b"x" * 70_000], 431),
        ([GET + b"X: " + b"x" * 70_000 + b"\r\n\r\n"], 431),
        ([GET + b"x" * 70_000, b"x" * 70_000], 431),
        ([GET + b"X: y\r\n" * 200, b""], 431),
        ([GET + b"X: y\r\n" * 100 + b"\r\n"], 431),
        ([CHUNKED + b"0\r\nX: " + b"x" * 70_000, b"x" * 70_000], 431),
        ([CHUNKED, *[b"1;" + b"x" * 30_000 + b"\r\nx\r\n"] * 12], 400),
        ([CHUNKED + b"1\r\nx\r\n" * 100_000 + b"0\r\n\r\n"], 200),
        ([CHUNKED + b"0\r\nX: " + b"x" * 70_000 + b"\r\n\r\n"], 431),
        ([CHUNKED + b"0\r\n" + b"X: y\r\n" * 101 + b"\r\n"], 431),
        ([POST + b"Transfer-Encoding: chunked\r\n\r\n3;x=" + b"x" * 70_000, b"x" * 70_000], 431),
        ([b"\r\n" * 40_000, b"\r\n" * 40_000], 431),
        ([b"GET /" + b"x" * 70_000, b"x" * 70_000], 414),
        ([b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"], 414),
        ([GET + b"X: " + b"x" * 60_000 + b"\r\n" + CLOSE + b"\r\n"], 200),
        ([GET + b"X: y\r\n" * 98 + CLOSE + b"\r\n"], 200),
        ([CHUNKED + b"0\r\n" + b"X: y\r\n" * 100 + b"\r\n"], 200),
    ],
)
async def test_limits_headers_trailers_and_chunk_extensions(
    url: str, parts: list[bytes], status: int, log: Path
) -> None:
    assert statuses(await answer_to(url, *parts)) == [status]
    assert await logged(log, 1) == [status]


async def test_refuses_endless_headers_early(url: str, log: Path) -> None:
    flood = [GET + b"X: ", *[b"x" * 2**20] * 20]
    try:
        answer = await answer_to(url, *flood)
    except ConnectionError:  # the server closed the connection while we were sending
        answer = b""
    assert statuses(answer) in ([431], [])
    assert await logged(log, 1) == [431]


@pytest.mark.parametrize("upgrade", UPGRADES.values(), ids=UPGRADES)
@pytest.mark.parametrize("segments", ["one", "two", "many"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
async def test_reads_the_body_despite_an_upgrade_header(
    url: str, upgrade: bytes, segments: str, framing: str, log: Path
) -> None:
    body = b"POST /sample/items HTTP/1.1\r\nHost: x\r\n\r\n"
    head = POST + upgrade
    if framing == "length":
        request = [head + b"Content-Length: %d\r\n\r\n" % len(body), body]
    else:
        request = [head + b"Transfer-Encoding: chunked\r\n\r\n", b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)]
    if segments == "one":
        request = [b"".join(request)]
    elif segments == "many":
        whole = b"".join(request)
        request = [whole[start : start + 40] for start in range(0, len(whole), 40)]
    answer = await answer_to(url, *request)
    assert statuses(answer) == [200]
    assert body_of(answer) == b"%d" % len(body)
    assert await logged(log, 1) == [200]


async def test_responds_to_each_upgrade_on_one_connection(url: str, log: Path) -> None:
    one = POST + UPGRADES["curl --http2"] + b"Content-Length: 3\r\n\r\nabc"
    assert statuses(await answer_to(url, one * 3 + GET + CLOSE + b"\r\n")) == [200, 200, 200, 200]
    assert await logged(log, 4) == [200] * 4


async def test_sends_100_continue_if_expected(url: str) -> None:
    head = POST + UPGRADES["curl --http2"] + CLOSE + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    answer = await answer_to(url, head, b"abc")
    assert statuses(answer) == [100, 200]
    assert body_of(answer) == b"3"


async def test_never_sends_100_continue_to_http_1_0(url: str) -> None:
    """The client would take it for the final response (RFC 9110 section 10.1.1)."""
    head = POST.replace(b"1.1", b"1.0") + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"
    assert statuses(await answer_to(url, head)) == [200]


async def test_closes_the_connection_if_the_expected_body_was_not_read(url: str) -> None:
    """The client may send the body or not, and it could not be told from the next request."""
    head = b"POST /nowhere HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 40\r\n\r\n"
    answer = await answer_to(url, head + GET + b"\r\n")
    assert statuses(answer) == [404]
    assert b"connection: close" in answer


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (POST + b"Content-Length: 3\r\n\r\nabcgarbage\r\n\r\n", [200, 400]),
        (GET + b"\r\n" + GET + b"\r\ngarbage\r\n\r\n", [200, 200, 400]),
        (GET + b"\r\n" + GET[:-9] + b"\r\n" + GET + b"\r\n", [200, 400]),
        (CHUNKED + b"ZZ\r\n", [400]),
        (GET + b"\r\n" + CHUNKED + b"ZZ\r\n" + GET + b"\r\n", [200, 400]),
        (b"GET /sample/slow?seconds=0.2 HTTP/1.1\r\nHost: x\r\n\r\n" + CHUNKED + b"ZZ\r\n", [200, 400]),
        (b"GET /sample/slow?seconds=0.2 HTTP/1.1\r\nHost: x\r\n\r\n" + GET + b"X: " + b"x" * 600_000, [200, 431]),
        (GET + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n", [200]),
    ],
)
async def test_responds_to_pipelined_requests_in_order(
    url: str, request_: bytes, expected: list[int], log: Path
) -> None:
    assert statuses(await answer_to(url, request_)) == expected
    assert sorted(await logged(log, len(expected))) == sorted(expected)


async def test_aborts_the_response_if_the_body_becomes_malformed(url: str, log: Path) -> None:
    answer = await answer_to(
        url, b"POST /sample/mirror HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"ZZ\r\n"
    )
    assert statuses(answer) == [200]
    assert not answer.endswith(b"0\r\n\r\n"), "the response must not look complete"
    [line] = await access_lines(log)
    assert line["http.response.complete"] is False
    assert not [line for line in read_log(log) if line["level"] == "ERROR"]


async def test_limits_pipelined_requests_per_connection(url: str, log: Path) -> None:
    answers = statuses(await answer_to(url, (GET + b"\r\n") * 300))
    assert answers == [200] * (len(answers) - 1) + [429]
    assert 20 <= len(answers) <= 23
    assert sorted(await logged(log, len(answers))) == answers


async def test_does_not_treat_trailers_as_headers(url: str, log: Path) -> None:
    request = (
        POST + b"User-Agent: header\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nUser-Agent: trailer\r\n\r\n"
    )
    assert statuses(await answer_to(url, request)) == [200]
    [line] = await access_lines(log)
    assert line["user_agent.original"] == "header"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (GET + b"\r\n", [200]),
        (GET + b"\r\n" + GET + b"\r\n", [200, 200]),
        (b"GET /sample/slow?seconds=0.3 HTTP/1.1\r\nHost: x\r\n\r\n" + GET + b"\r\n", [200, 200]),
        (GET, [400]),
        (b"GET /sample/slow?seconds=0.3 HTTP/1.1\r\nHost: x\r\n\r\n" + GET, [200, 400]),
        (b"GET /sample/slow?seconds=0.3 HTTP/1.1\r\nHost: x\r\n\r\n" + POST + b"Content-Length: 3\r\n\r\na", [200]),
        (POST + b"Content-Length: 3\r\n\r\na", []),
        (b"", []),
    ],
)
async def test_responds_to_a_half_closed_connection(url: str, request_: bytes, expected: list[int]) -> None:
    assert statuses(await answer_to(url, request_, half_close=True)) == expected


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts the TCP segments of a connection")
async def test_sends_head_and_body_in_one_packet(url: str) -> None:
    reader, writer = await connection_to(url)
    for count in (1, 2, 3):
        writer.write(GET + b"\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(re.findall(rb"content-length: (\d+)", head)[0]))
        assert packets_received(writer.get_extra_info("socket")) == count
    writer.close()


def packets_received(connection: socket.socket) -> int:
    """Return `tcpi_data_segs_in` of `struct tcp_info` in linux/tcp.h."""
    (count,) = struct.unpack_from("I", connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 160), 152)
    return int(count)


async def test_sends_the_head_of_a_stream_before_its_first_chunk(url: str, log: Path) -> None:
    """And a client that disconnects from a silent stream is not an error."""
    reader, writer = await connection_to(url)
    writer.write(b"GET /sample/late HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(30):
        assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
    writer.close()
    assert await logged(log, 1) == [499]
    await asyncio.sleep(0.1)  # an error of uvicorn would follow the access line
    assert await logged(log, 1) == [499]
