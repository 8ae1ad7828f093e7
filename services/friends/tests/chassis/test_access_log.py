"""Exactly one access line for each request, whatever becomes of it."""

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4

import aiohttp
import pytest
from starlette.types import Message

from friends_service.chassis.access_log import AccessLogMiddleware
from friends_service.chassis.exchange import Bodies, Exchange
from friends_service.chassis.redaction import Redactor
from friends_service.chassis.settings import ChassisSettings

from .conftest import Boot
from .sample import access_lines, application, empty, log_text, read_log

ITEM = {"name": "lamp", "day": "2026-01-01"}
MEBIBYTE = 2**20


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "route"),
    [
        ("GET", f"/sample/items/{uuid4()}", None, 200, "/sample/items/{item_id}"),
        ("GET", f"/sample/parts/{uuid4()}", None, 200, "/sample/parts/{part_id}"),
        ("POST", "/sample/items", ITEM, 201, "/sample/items"),
        ("POST", "/sample/items", ITEM | {"count": 101}, 409, "/sample/items"),
        ("POST", "/sample/items", {}, 422, "/sample/items"),
        ("GET", "/sample/forbidden", None, 403, "/sample/forbidden"),
        ("GET", "/sample/boom", None, 500, "/sample/boom"),
        ("GET", "/sample/upstream", None, 503, "/sample/upstream"),
        ("GET", "/sample/stream", None, 200, "/sample/stream"),
        ("GET", "/nowhere", None, 404, None),
        ("DELETE", "/sample/items", None, 405, "/sample/items"),
        ("HEAD", "/api/docs", None, 200, None),
    ],
)
async def test_writes_one_line_for_each_request(
    sample: aiohttp.ClientSession,
    sample_log: Path,
    method: str,
    path: str,
    body: object,
    status: int,
    route: str | None,
) -> None:
    async with sample.request(method, path, json=body, headers={"User-Agent": "tester"}) as response:
        content = await response.read()
    [line] = await access_lines(sample_log)
    assert line["level"] == ("ERROR" if status >= 500 else "INFO")
    assert line["message"] == f"{method} {path} {status}"
    assert line["http.request.method"] == method
    assert line["url.path"] == path
    assert line.get("http.route") == route
    assert line["http.response.status_code"] == status == response.status
    assert line["http.response.body.size"] == len(content)
    assert line["http.request.body.size"] == (len(json.dumps(body)) if body is not None else 0)
    assert line["client.address"] == "127.0.0.1"
    assert line["user_agent.original"] == "tester"
    assert line["request_id"] == response.headers["X-Request-ID"]
    assert len(line["trace_id"]) == 32
    assert 0 < line["duration_ms"] < 10_000


async def test_names_the_requests_in_whose_name_something_was_done(
    sample: aiohttp.ClientSession, sample_log: Path
) -> None:
    for path in ("/sample/linked/another", "/sample/items"):
        await sample.get(path)
    with_link, without = await access_lines(sample_log, count=2)
    assert with_link["linked_request_ids"] == ["another"]
    assert "linked_request_ids" not in without


async def test_writes_one_line_each_for_200_parallel_requests(sample: aiohttp.ClientSession, sample_log: Path) -> None:
    async def ask() -> str:
        async with sample.get(f"/sample/items/{uuid4()}") as response:
            return response.headers["X-Request-ID"]

    asked = await asyncio.gather(*(ask() for _ in range(200)))
    lines = await access_lines(sample_log, count=200)
    assert {line["request_id"] for line in lines} == set(asked)
    assert len(set(asked)) == 200


async def test_tells_when_a_response_was_broken_off(sample: aiohttp.ClientSession, sample_log: Path) -> None:
    with pytest.raises(aiohttp.ClientPayloadError):
        async with sample.get("/sample/broken-off") as response:
            await response.read()
    [line] = await access_lines(sample_log)
    assert line["http.response.status_code"] == 200
    assert line["http.response.complete"] is False
    assert line["level"] == "ERROR"
    assert [each["exception.message"] for each in read_log(sample_log) if "exception.type" in each] == ["in the middle"]


async def test_writes_one_line_when_the_client_leaves_in_the_middle(
    sample: aiohttp.ClientSession, sample_log: Path
) -> None:
    async with sample.get("/sample/endless") as response:
        await response.content.readany()
        response.close()
    [line] = await access_lines(sample_log)
    assert line["http.response.complete"] is False
    assert line["level"] == "INFO"


async def test_says_499_when_the_client_leaves_while_it_sends(sample_url: str, sample_log: Path) -> None:
    empty(sample_log)
    host, _, port = sample_url.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /sample/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nthe beginning")
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.close()
    await writer.wait_closed()
    [line] = await access_lines(sample_log)
    assert line["http.response.status_code"] == 499
    assert not [each for each in read_log(sample_log) if each["level"] in {"ERROR", "CRITICAL"}]


async def test_no_answer_at_all_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    async def answers_nothing(*_: object) -> None:
        pass

    async def unused(*_: object) -> NoReturn:
        raise AssertionError

    options: Any = {"bodies": "off", "body_limit": 0, "headers": frozenset()}
    layer = AccessLogMiddleware(answers_nothing, redactor=Redactor(), **options)
    await layer({"type": "http", "method": "GET", "path": "/", "headers": []}, unused, unused)
    [record] = [record for record in caplog.records if record.name == "access"]
    assert (record.levelname, record.getMessage()) == ("ERROR", "GET / 500")


async def test_an_answer_that_nobody_waits_for_has_no_status() -> None:
    """The application may find out that the client has left, and answer all the same."""

    async def left() -> Message:
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        pass

    exchange = Exchange({}, left, send, bodies="off", body_limit=0)
    await exchange.receive()
    await exchange.send({"type": "http.response.start", "status": 200, "headers": []})
    assert exchange.status is None


@pytest.mark.parametrize(
    ("bodies", "status", "kept"),
    [("off", 400, (b"", b"")), ("errors", 200, (b"abcd", b"")), ("errors", 400, (b"abcd", b"abcd"))],
)
async def test_keeps_no_more_than_the_log_can_show(bodies: Bodies, status: int, kept: tuple[bytes, bytes]) -> None:
    pieces = [b"abc", b"d", b"e"]
    coming = iter(pieces)

    async def receive() -> Message:
        return {"type": "http.request", "body": next(coming), "more_body": True}

    async def send(_: Message) -> None:
        pass

    exchange = Exchange({}, receive, send, bodies=bodies, body_limit=4)
    for _ in pieces:
        await exchange.receive()
    await exchange.send({"type": "http.response.start", "status": status, "headers": []})
    for piece in pieces:
        await exchange.send({"type": "http.response.body", "body": piece, "more_body": True})
    assert (bytes(exchange.request_body), bytes(exchange.response_body)) == kept
    assert (exchange.request_size, exchange.response_size) == (5, 5)


def test_tells_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([10.0, 10.123_456_7])

    async def unused(*_: object) -> NoReturn:
        raise AssertionError

    with monkeypatch.context() as stopped:
        stopped.setattr("time.perf_counter", lambda: next(clock))
        duration = Exchange({}, unused, unused, bodies="off", body_limit=0).duration_ms
    assert duration == 123.457


async def test_logs_health_checks_at_debug(sample: aiohttp.ClientSession, sample_log: Path) -> None:
    async with sample.get("/health/live") as response:
        assert response.status == 200
    await access_lines(sample_log, count=0)


async def test_logs_only_allowed_headers(sample: aiohttp.ClientSession, sample_log: Path) -> None:
    async with sample.get("/sample/items", headers={"Accept": "text/x", "X-Other": "planted-header"}):
        pass
    [line] = await access_lines(sample_log)
    assert line["http.request.header.accept"] == "text/x"
    assert "planted-header" not in log_text(sample_log)


async def test_cuts_long_paths(sample: aiohttp.ClientSession, sample_log: Path) -> None:
    for length in (1024, 1025):
        async with sample.get("/".ljust(length, "a")) as response:
            assert response.status == 404
    longest, cut = await access_lines(sample_log, count=2)
    assert longest["url.path"] == "/".ljust(1024, "a")
    assert cut["url.path"] == "/".ljust(1024, "a") + "…"


async def test_keeps_bodies_of_errors_only(sample: aiohttp.ClientSession, sample_log: Path) -> None:
    async with sample.post("/sample/items", json=ITEM) as response:
        assert response.status == 201
    async with sample.post("/sample/items", json={"name": "lamp", "password": 123_456}) as response:
        answer = await response.text()
    succeeded, failed = await access_lines(sample_log, count=2)
    assert not [name for name in succeeded if name.endswith("body.content")]
    assert json.loads(failed["http.request.body.content"]) == {"name": "lamp", "password": "[redacted]"}
    assert json.loads(failed["http.response.body.content"]) == json.loads(answer)


async def test_keeps_no_body_that_is_compressed(sample: aiohttp.ClientSession, sample_log: Path) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    async with sample.post("/sample/items", data=b"whatever it says", headers=headers) as response:
        assert response.status == 422
    [line] = await access_lines(sample_log)
    assert "http.request.body.content" not in line
    assert "http.response.body.content" in line


async def test_cuts_bodies_without_altering_them(sample: aiohttp.ClientSession, sample_log: Path) -> None:
    text = json.dumps({"text": "ü" * 10_000, "password": "planted"})
    async with sample.post("/sample/echo", data=text, headers={"Content-Type": "application/json"}) as response:
        assert await response.text() == text
    [line] = await access_lines(sample_log)
    assert line["http.request.body.size"] == line["http.response.body.size"] == len(text)
    assert line["http.request.body.content"] == text[:2048]


@pytest.mark.parametrize("media_type", ["application/octet-stream", "image/png", "multipart/form-data; boundary=x", ""])
async def test_keeps_json_forms_and_text_only(sample: aiohttp.ClientSession, sample_log: Path, media_type: str) -> None:
    async with sample.post("/sample/echo", data=b"planted", headers={"Content-Type": media_type}) as response:
        assert await response.read() == b"planted"
    await access_lines(sample_log)
    assert "planted" not in log_text(sample_log)


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", '{"user": [{"Password": "planted"}]}'),
        ("application/problem+json", '{"accessToken": {"value": "planted"}}'),
        ("application/json", '{"password": "planted", "rest": "is cut of'),
        ("application/json", '{"pass\\u0077ord": "planted'),
        ("application/json", '{"password": ["planted", "planted"'),
        ("application/json; charset=utf-16", '{"password": "planted"}'.encode("utf-16")),
        ("application/json", b'{"password": "planted", "bad": "\xff\xfe"}'),
        ("application/json", '{"log": "{\\"password\\": \\"planted\\"}"}'),
        ("application/x-www-form-urlencoded", "user%5Bpassword%5D=planted&a=b"),
        ("application/x-www-form-urlencoded", "a=b;password=planted"),
        ("text/plain", "Authorization: Bearer planted\nCookie: a=planted; b=planted\n"),
    ],
)
async def test_redacts_bodies(
    sample: aiohttp.ClientSession, sample_log: Path, media_type: str, body: str | bytes
) -> None:
    async with sample.post("/sample/echo", data=body, headers={"Content-Type": media_type}) as response:
        assert await response.read() == (body if isinstance(body, bytes) else body.encode())
    await access_lines(sample_log)
    assert "planted" not in log_text(sample_log)
    assert "p\\u0000l" not in log_text(sample_log)


async def test_a_streamed_upload_of_50_mebibytes_needs_no_memory(boot: Boot, tmp_path: Path) -> None:
    settings = ChassisSettings(log_file=tmp_path / "log", log_bodies="all", max_body_size=100 * MEBIBYTE)
    chunk = b"x" * 2**16

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(50 * MEBIBYTE // len(chunk)):
            yield chunk

    async with boot(application(settings)) as url, aiohttp.ClientSession(url) as session:
        tracemalloc.start()
        try:
            headers = {"Content-Type": "text/plain"}
            async with session.post("/sample/upload", data=chunks(), headers=headers) as response:
                assert await response.json() == 50 * MEBIBYTE
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        [line] = await access_lines(tmp_path / "log")
    assert peak < 8 * MEBIBYTE
    assert line["http.request.body.size"] == 50 * MEBIBYTE
    assert line["http.request.body.content"] == "x" * 2048


async def test_log_bodies_off_keeps_none(boot: Boot, tmp_path: Path) -> None:
    settings = ChassisSettings(log_file=tmp_path / "log", log_bodies="off")
    async with boot(application(settings)) as url, aiohttp.ClientSession(url) as session:
        async with session.post("/sample/echo", json={"a": "planted"}) as response:
            assert response.status == 400
        await access_lines(tmp_path / "log")
    assert "planted" not in log_text(tmp_path / "log")
