"""HTTP over raw sockets: what real clients, broken ones and hostile ones send, and the one access line for each."""

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
    "a WebSocket's lines of nginx": b'Upgrade: websocket\r\nConnection: "upgrade"\r\nConnection: upgrade\r\n',
}


@pytest.fixture(scope="module")
async def url(sample_settings: Settings) -> AsyncIterator[str]:
    """The sample, which has little patience with idle connections, so that each test sees its connection closed."""
    async with booted(create_app(sample_settings), Limits(keep_alive=0.3)) as url:
        yield url


@pytest.fixture
def log(sample_log: Path) -> Path:
    empty(sample_log)
    return sample_log


def body_of(answers: bytes) -> bytes:
    """The body of the last response."""
    return answers.rpartition(b"\r\n\r\n")[2]


async def logged(log: Path, count: int) -> list[int]:
    """The statuses of the access lines; anything at ERROR is wrong, as what a client does wrong is no error of ours."""
    lines = await access_lines(log, count)
    assert not [line for line in read_log(log) if line["level"] in {"ERROR", "CRITICAL"} and line["logger"] != "access"]
    return [line["http.response.status_code"] for line in lines]


@pytest.mark.parametrize(
    "request_line",
    [b"FOO / HTTP/1.1", b"nonsense", b"GET / HTTP/9.9", b"GET /\xc3\xa9 HTTP/1.1", b"PRI * HTTP/2.0"],
    ids=["unknown method", "nonsense", "unknown version", "beyond ASCII", "HTTP/2"],
)
async def test_answers_what_is_not_http_with_a_problem_and_logs_it(url: str, request_line: bytes, log: Path) -> None:
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
    assert problem["instance"] == "", "it has no path"
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
async def test_decides_by_the_lines_before_the_body(url: str, lines: bytes, status: int, log: Path) -> None:
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
async def test_bounds_what_comes_around_a_body(url: str, parts: list[bytes], status: int, log: Path) -> None:
    assert statuses(await answer_to(url, *parts)) == [status]
    assert await logged(log, 1) == [status]


async def test_a_flood_of_headers_is_refused_before_much_of_it_came(url: str, log: Path) -> None:
    flood = [GET + b"X: ", *[b"x" * 2**20] * 20]
    try:
        answer = await answer_to(url, *flood)
    except ConnectionError:  # the server has closed, and the flood goes on
        answer = b""
    assert statuses(answer) in ([431], [])
    assert await logged(log, 1) == [431]


@pytest.mark.parametrize("upgrade", UPGRADES.values(), ids=UPGRADES)
@pytest.mark.parametrize("segments", ["one", "two", "many"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
async def test_the_body_counts_whatever_upgrade_says(
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


async def test_upgrades_on_one_connection_are_all_answered(url: str, log: Path) -> None:
    one = POST + UPGRADES["curl --http2"] + b"Content-Length: 3\r\n\r\nabc"
    assert statuses(await answer_to(url, one * 3 + GET + CLOSE + b"\r\n")) == [200, 200, 200, 200]
    assert await logged(log, 4) == [200] * 4


async def test_a_client_that_waits_to_be_asked_for_its_body_is(url: str) -> None:
    head = POST + UPGRADES["curl --http2"] + CLOSE + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    answer = await answer_to(url, head, b"abc")
    assert statuses(answer) == [100, 200]
    assert body_of(answer) == b"3"


async def test_a_client_of_http_1_0_is_never_asked(url: str) -> None:
    """It would take the 100 for its answer (RFC 9110 section 10.1.1)."""
    head = POST.replace(b"1.1", b"1.0") + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"
    assert statuses(await answer_to(url, head)) == [200]


async def test_a_connection_ends_if_the_body_was_never_asked_for(url: str) -> None:
    """Its client may send it or not, and the next request looks the same."""
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
async def test_refuses_in_the_order_of_the_requests(url: str, request_: bytes, expected: list[int], log: Path) -> None:
    assert statuses(await answer_to(url, request_)) == expected
    assert sorted(await logged(log, len(expected))) == sorted(expected)


async def test_a_body_that_breaks_while_it_is_answered_ends_the_answer(url: str, log: Path) -> None:
    answer = await answer_to(
        url, b"POST /sample/mirror HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"ZZ\r\n"
    )
    assert statuses(answer) == [200]
    assert not answer.endswith(b"0\r\n\r\n"), "the client must not take it for complete"
    [line] = await access_lines(log)
    assert line["http.response.complete"] is False
    assert not [line for line in read_log(log) if line["level"] == "ERROR"]


async def test_requests_that_wait_on_one_connection_are_bounded(url: str, log: Path) -> None:
    answers = statuses(await answer_to(url, (GET + b"\r\n") * 300))
    assert answers == [200] * (len(answers) - 1) + [429]
    assert 20 <= len(answers) <= 23
    assert sorted(await logged(log, len(answers))) == answers


async def test_trailers_are_not_taken_for_headers(url: str, log: Path) -> None:
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
async def test_a_client_that_has_closed_its_side_gets_its_answers(
    url: str, request_: bytes, expected: list[int]
) -> None:
    assert statuses(await answer_to(url, request_, half_close=True)) == expected


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts the packets of a connection")
async def test_head_and_body_of_an_answer_are_one_packet(url: str) -> None:
    reader, writer = await connection_to(url)
    for count in (1, 2, 3):
        writer.write(GET + b"\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(re.findall(rb"content-length: (\d+)", head)[0]))
        assert packets_received(writer.get_extra_info("socket")) == count
    writer.close()


def packets_received(connection: socket.socket) -> int:
    """`tcpi_data_segs_in` of `struct tcp_info` in linux/tcp.h."""
    (count,) = struct.unpack_from("I", connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 160), 152)
    return int(count)


async def test_the_head_of_a_stream_does_not_wait_for_its_first_part(url: str, log: Path) -> None:
    """And a client that closes a stream which is silent is no error."""
    reader, writer = await connection_to(url)
    writer.write(b"GET /sample/late HTTP/1.1\r\nHost: x\r\n\r\n")
    async with asyncio.timeout(30):
        assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
    writer.close()
    assert await logged(log, 1) == [499]
    await asyncio.sleep(0.1)  # what uvicorn had to say would come after the access line
    assert await logged(log, 1) == [499]
