"""Each request leaves exactly one access line, however it ends."""

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID, uuid4

import aiohttp
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.logs import configure_default_logging
from chassis.logs.access import AccessLogMiddleware
from chassis.logs.redaction import Redactor
from chassis.standard_output import MAX_LINE

from ..log_reader import access_lines, empty, log_text, read_log
from ..raw_http import connection_to
from ..sample_service import IDENTITY

ITEM = {"name": "lamp", "day": "2026-01-01"}
SOME_ID = UUID(int=7)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "route"),
    [
        ("GET", f"/sample/items/{SOME_ID}", None, 200, "/sample/items/{item_id}"),
        ("GET", f"/sample/parts/{SOME_ID}", None, 200, "/sample/parts/{part_id}"),
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


async def test_logs_linked_request_ids(sample: aiohttp.ClientSession, sample_log: Path) -> None:
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


async def test_logs_an_aborted_response(sample: aiohttp.ClientSession, sample_log: Path) -> None:
    with pytest.raises(aiohttp.ClientPayloadError):
        async with sample.get("/sample/broken-off") as response:
            await response.read()
    [line] = await access_lines(sample_log)
    assert line["http.response.status_code"] == 200
    assert line["http.response.complete"] is False
    assert line["level"] == "ERROR"
    assert [each["exception.message"] for each in read_log(sample_log) if "exception.type" in each] == ["in the middle"]


async def test_writes_one_line_if_the_client_disconnects_during_the_response(
    sample: aiohttp.ClientSession, sample_log: Path
) -> None:
    async with sample.get("/sample/endless") as response:
        await response.content.readany()
        response.close()
    [line] = await access_lines(sample_log)
    assert line["http.response.status_code"] == 499
    assert line["http.response.complete"] is False
    assert line["level"] == "INFO"


@pytest.mark.parametrize("fail", ["false", "true"])
async def test_writes_the_line_before_background_tasks_end(
    sample: aiohttp.ClientSession, sample_log: Path, fail: str
) -> None:
    async with sample.get("/sample/background", params={"fail": fail}) as response:
        assert response.status == 200
    [access] = await access_lines(sample_log)
    assert access["http.response.status_code"] == 200
    lines = [line for line in read_log(sample_log) if line["request_id"] == access["request_id"]]
    loggers = [line["logger"].partition(".")[0] for line in lines]
    assert loggers[0] == "access"
    assert [line["message"] for line in lines[1:]] == ["going on", "unhandled exception"][: 2 if fail == "true" else 1]


async def test_logs_499_if_the_client_disconnects_while_sending(sample_url: str, sample_log: Path) -> None:
    empty(sample_log)
    _, writer = await connection_to(sample_url)
    writer.write(b"POST /sample/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nthe beginning")
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.close()
    await writer.wait_closed()
    [line] = await access_lines(sample_log)
    assert line["http.response.status_code"] == 499
    assert not [each for each in read_log(sample_log) if each["level"] in {"ERROR", "CRITICAL"}]


def access_log(app: ASGIApp, headers: frozenset[str] = frozenset()) -> AccessLogMiddleware:
    return AccessLogMiddleware(app, bodies="off", body_limit=0, headers=headers, redactor=Redactor())


async def test_logs_an_error_if_no_response_is_sent(caplog: pytest.LogCaptureFixture) -> None:
    async def answers_nothing(*_: object) -> None:
        pass

    async def unused(*_: object) -> NoReturn:
        raise AssertionError

    await access_log(answers_nothing)({"type": "http", "method": "GET", "path": "/", "headers": []}, unused, unused)
    [record] = [record for record in caplog.records if record.name == "access"]
    assert (record.levelname, record.getMessage()) == ("ERROR", "GET / 500")


@pytest.fixture
def records_of_tenants() -> Iterator[None]:
    """Set a log record factory that adds a field, as in Python's logging cookbook."""
    make = logging.getLogRecordFactory()

    def make_for_tenant(*arguments: Any, **options: Any) -> logging.LogRecord:
        record = make(*arguments, **options)
        record.tenant = "T1"
        record.password = "planted"
        return record

    logging.setLogRecordFactory(make_for_tenant)
    yield
    logging.setLogRecordFactory(make)


@pytest.mark.usefixtures("records_of_tenants")
async def test_uses_the_log_record_factory_of_the_service(sample: aiohttp.ClientSession, sample_log: Path) -> None:
    async with sample.get("/sample/items") as response:
        assert response.status == 200
    [line] = await access_lines(sample_log)
    assert (line["tenant"], line["password"]) == ("T1", "[redacted]")
    assert line["url.path"] == "/sample/items"


async def test_omits_successful_health_checks_only(sample: aiohttp.ClientSession, sample_log: Path) -> None:
    for method, path in (("GET", "/health/live"), ("GET", "/health/nonsense"), ("PUT", "/health/live")):
        await sample.request(method, path)
    await sample.get("/health/ready")  # fails without a database
    lines = await access_lines(sample_log, count=3)
    statuses = [(line["http.response.status_code"], line["level"]) for line in lines]
    assert statuses == [(404, "INFO"), (405, "INFO"), (503, "ERROR")]


Messages = list[Message]
START: Message = {"type": "http.response.start", "status": 200, "headers": []}
PART: Message = {"type": "http.response.body", "body": b"x", "more_body": True}
END: Message = {"type": "http.response.body", "body": b"x"}


@pytest.mark.parametrize(
    ("messages", "complete"), [([], None), ([START], False), ([START, PART], False), ([START, PART, END], None)]
)
@pytest.mark.parametrize("how", ["seen by the server", "reported to the application"])
async def test_logs_499_if_the_client_disconnects_before_the_response_is_complete(
    caplog: pytest.LogCaptureFixture, messages: Messages, complete: object, how: str
) -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        pass

    async def answers(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages[:-1]:
            await send(message)
        if how == "seen by the server":
            scope["client_left"] = True
        else:
            await receive()
        for message in messages[-1:]:
            await send(message)

    caplog.set_level(logging.INFO)
    await access_log(answers)({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send)
    [record] = [record for record in caplog.records if record.name == "access"]
    assert (record.levelname, record.getMessage()) == ("INFO", "GET / 499")
    assert record.redacted_fields.get("http.response.complete") == complete  # type: ignore[attr-defined] # access lines have it


async def answers(_: Scope, __: Receive, send: Send) -> None:
    for message in (START, END):
        await send(message)


async def unused() -> NoReturn:
    raise AssertionError


async def discard(_: Message) -> None:
    """Send nothing."""


async def test_limits_the_length_of_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The client controls forwarded addresses, paths and headers."""
    configure_default_logging(IDENTITY)
    text = "\x01𝄞" * 500_000
    headers = [(name, text.encode()) for name in (b"user-agent", b"accept", b"x-a", b"x-b", b"x-c", b"x-d")]
    scope = {"type": "http", "method": "GET", "path": text, "headers": headers, "client": (text, 0)}
    await access_log(answers, headers=frozenset({"accept", "x-a", "x-b", "x-c", "x-d"}))(scope, unused, discard)
    [line] = capsys.readouterr().out.splitlines()
    assert len(line.encode()) < MAX_LINE
    fields = json.loads(line)
    assert fields["client.address"].endswith("…")
    assert fields["user_agent.original"].endswith("…")
    assert (fields["http.response.status_code"], fields["message"][-4:]) == (200, " 200")


@pytest.mark.parametrize("length", [20, 300, 20_000])
async def test_caches_a_bounded_number_of_short_texts(length: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Clients choose them."""
    configure_default_logging(IDENTITY)
    agents = [f"{number} token=planted-{number} ".ljust(length, "a") for number in range(400)]
    middleware = access_log(answers)
    for agent in (*agents, agents[-1]):
        headers = [(b"user-agent", agent.encode())]
        await middleware({"type": "http", "method": "GET", "path": "/", "headers": headers}, unused, discard)
    shown = [json.loads(line)["user_agent.original"] for line in capsys.readouterr().out.splitlines()]
    assert [text.split()[0] for text in shown] == [str(number) for number in (*range(400), 399)]
    assert not any("planted" in text for text in shown)
    assert middleware.cached_texts == (256 if length < 256 else 0)


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
