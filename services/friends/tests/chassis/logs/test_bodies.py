"""Which bodies the access line shows, how much of them, and what it never shows."""

import json
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import aiohttp
import pytest
from yarl import URL

from chassis.logs.bodies import BodyLog
from chassis.logs.redaction import Redactor

from ..conftest import Boot
from ..log_reader import access_lines, empty, log_text
from ..sample_service.main import create_app
from ..sample_service.settings import Settings

ITEM = {"name": "lamp", "day": "2026-01-01"}
MEBIBYTE = 2**20


class Echo:
    """A sample that echoes the request body, and the access lines that it writes."""

    def __init__(self, session: aiohttp.ClientSession, log: Path) -> None:
        self.session = session
        self.log = log

    async def line_of(self, body: bytes | str, media_type: str, path: str = "/sample/echo") -> dict[str, Any]:
        """Return the access line of a request with this body."""
        empty(self.log)
        async with self.session.post(path, data=body, headers={"Content-Type": media_type}) as response:
            await response.read()
        [line] = await access_lines(self.log)
        return line


@pytest.fixture
async def echo(boot: Boot, tmp_path: Path) -> AsyncIterator[Echo]:
    """Yield a sample that logs the bodies of errors with their values."""
    settings = Settings(log_file=tmp_path / "log", log_bodies="errors")
    async with boot(create_app(settings)) as url, aiohttp.ClientSession(url) as session:
        yield Echo(session, tmp_path / "log")


async def test_shows_the_shape_of_the_request_body_and_the_problem(
    sample: aiohttp.ClientSession, sample_log: Path
) -> None:
    async with sample.post("/sample/items", json=ITEM) as response:
        assert response.status == 201
    person = {"name": "Planted", "day": "planted", "password": "planted", "friends": [{"age": 7}, {"age": 8}, None]}
    async with sample.post("/sample/items", json=person) as response:
        answer = await response.json()
    succeeded, failed = await access_lines(sample_log, count=2)
    assert not [name for name in succeeded if name.endswith("body.content")]
    shape = {"name": "string", "day": "string", "password": "string", "friends": [{"age": "number"}, "null"]}
    assert json.loads(failed["http.request.body.content"]) == shape
    assert json.loads(failed["http.response.body.content"]) == answer
    assert "planted" not in log_text(sample_log).lower()


@pytest.mark.parametrize(
    ("media_type", "body", "shown"),
    [
        ("application/json", '{"a": true, "b": [1, "planted", 2.5]}', '{"a":"boolean","b":["number","string"]}'),
        ("application/json", "planted", "not JSON"),
        ("application/json", "[" * 40 + "]" * 40, "[" * 32 + '"…"' + "]" * 32),
        ("application/json", "[" * 300, "not JSON"),
        ("application/json", '{"planted@example.org": 1, "+49 30 1234": 2}', '{"…":"number"}'),
        ("application/json", '{"password=planted": 1}', '{"…":"number"}'),
        ("application/problem+json", '{"detail": "planted"}', '{"detail":"string"}'),
        ("application/x-www-form-urlencoded", "name=planted&age=7", '{"name":"string","age":"string"}'),
        ("text/plain", "planted", None),
        ("application/xml", "<a>planted</a>", None),
    ],
)
async def test_shows_the_shape_of_any_request(
    sample: aiohttp.ClientSession, sample_log: Path, media_type: str, body: str, shown: str | None
) -> None:
    echo = Echo(sample, sample_log)
    line = await echo.line_of(body, media_type, "/sample/items")
    assert line.get("http.request.body.content", "").removesuffix("…") == (shown or "")
    assert "planted" not in log_text(sample_log)


async def test_shows_the_shape_of_a_truncated_body(sample: aiohttp.ClientSession, sample_log: Path) -> None:
    line = await Echo(sample, sample_log).line_of(json.dumps({"a": 1, "b": "planted" * 1_000}), "application/json")
    for side in ("request", "response"):
        assert line[f"http.{side}.body.content"] == '{"a":"number","b":"string"}…'


async def test_hides_unknown_member_names_in_a_problem(sample: aiohttp.ClientSession, sample_log: Path) -> None:
    body = ITEM | {"planted@example.org": 1, "password=planted": 2, "colour": 3, "labels": {"+49 planted": 4}}
    line = await Echo(sample, sample_log).line_of(json.dumps(body), "application/json", "/sample/items")
    errors = json.loads(line["http.response.body.content"])["errors"]
    assert [each["pointer"] for each in errors] == ["#/labels/…", "#/…", "#/…", "#/colour"]
    assert "planted" not in log_text(sample_log)


def test_shows_a_problem_with_custom_errors() -> None:
    """A service may add any members to a problem."""
    problem = '{"status":422,"errors":[1,{"pointer":2},{"pointer":"#/a/0"}]}'
    shown = BodyLog(Redactor(), "shapes").response(problem.encode(), "application/problem+json", complete=True)
    assert shown == problem


async def test_logs_no_query_string(sample: aiohttp.ClientSession, sample_log: Path) -> None:
    for path in ("items", "nowhere", "boom", "upstream", "status/418", "items/no-id"):
        async with sample.get(f"/sample/{path}?limit=planted-query&name=planted-query") as response:
            await response.read()
    await access_lines(sample_log, count=6)
    assert "planted-query" not in log_text(sample_log)


@pytest.mark.parametrize("path", ["/a/token=planted", "/a/token%3Dplanted", "/a/token%253Dplanted"])
async def test_masks_secrets_in_the_path(sample: aiohttp.ClientSession, sample_log: Path, path: str) -> None:
    async with sample.get(URL(path, encoded=True)) as response:
        assert response.status == 404
    [line] = await access_lines(sample_log)
    assert "planted" not in log_text(sample_log)
    assert line["url.path"].startswith("/a/token")
    assert "token" in json.loads(line["http.response.body.content"])["instance"]


async def test_log_bodies_errors_shows_values_of_failed_requests_only(echo: Echo) -> None:
    line = await echo.line_of('{"name": "lamp", "password": 123456}', "application/json", "/sample/items")
    assert json.loads(line["http.request.body.content"]) == {"name": "lamp", "password": "[redacted]"}
    assert json.loads(line["http.response.body.content"])["status"] == 422
    line = await echo.line_of(json.dumps(ITEM), "application/json", "/sample/items")
    assert not [name for name in line if name.endswith("body.content")]


@pytest.mark.parametrize(
    ("media_type", "body", "shown"),
    [
        ("text/plain", b"caf\xe9 token=planted", "caf\ufffd token=[redacted]"),
        ("application/json", b"caf\xe9 token=planted", "caf\ufffd token=[redacted]"),
        ("application/x-www-form-urlencoded", b"user%5Bpassword%5D=planted&name=a+b&empty=",
         "user[password]=[redacted]&name=a+b&empty="),
        ("application/x-www-form-urlencoded", b"name=pin&value=planted", "name=pin&value=[redacted]"),
        ("application/x-www-form-urlencoded", b"password%3Dplanted=1", "password=[redacted]=[redacted]"),
        ("application/json", b'{"a": 123456789012345678901234567890}', '{"a":1.2345678901234568e+29}'),
    ],
)  # fmt: skip
async def test_shows_the_readable_part_of_a_malformed_body(
    echo: Echo, media_type: str, body: bytes, shown: str
) -> None:
    line = await echo.line_of(body, media_type)
    assert unquote(line["http.request.body.content"]) == shown == unquote(line["http.response.body.content"])


async def test_shows_a_large_integer_in_truncated_json(echo: Echo) -> None:
    line = await echo.line_of('{"a": 123456789012345678901234567890, "b": "' + "x" * 3_000, "application/json")
    assert line["http.request.body.content"].startswith('{"a": 123456789012345678901234567890, "b": "xxx')


@pytest.mark.parametrize("body", [b'{"name": "planted"}', b'{"name": "planted"', b"planted", b'{"planted": 1}'])
@pytest.mark.parametrize("media_type", ["application/json", "text/plain"])
async def test_logs_no_body_of_a_private_router(
    sample: aiohttp.ClientSession, sample_log: Path, body: bytes, media_type: str
) -> None:
    for method in ("POST", "PUT"):
        await sample.request(method, "/private", data=body, headers={"Content-Type": media_type})
    first, second = await access_lines(sample_log, count=2)
    assert first["http.response.status_code"] in {200, 415, 422}
    assert second["http.response.status_code"] == 405
    assert not [name for line in (first, second) for name in line if name.endswith("body.content")]
    assert "planted" not in log_text(sample_log)


async def test_logs_no_compressed_body(sample: aiohttp.ClientSession, sample_log: Path) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    async with sample.post("/sample/echo", data=b"whatever it says", headers=headers) as response:
        assert response.status == 400
    [line] = await access_lines(sample_log)
    assert "http.request.body.content" not in line
    assert "http.response.body.content" in line


async def test_truncates_logged_bodies(echo: Echo) -> None:
    text = json.dumps({"text": "u" * 10_000, "password": "planted"})
    line = await echo.line_of(text, "application/json")
    assert line["http.request.body.size"] == line["http.response.body.size"] == len(text)
    assert line["http.request.body.content"] == '{"text":"' + "u" * (2048 - len('{"text": "')) + '"}…'
    line = await echo.line_of("u" * 2049, "text/plain")
    assert line["http.request.body.content"] == "u" * 2048 + "…"


@pytest.mark.parametrize("media_type", ["application/octet-stream", "image/png", "multipart/form-data; boundary=x", ""])
async def test_logs_no_body_of_other_media_types(echo: Echo, media_type: str) -> None:
    line = await echo.line_of(b"planted", media_type)
    assert not [name for name in line if name.endswith("body.content")]


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", '{"user": [{"Password": "planted"}]}'),
        ("application/problem+json", '{"accessToken": {"value": "planted"}}'),
        ("application/json", '{"password": "planted", "rest": "is cut of'),
        ("application/json", '{"pass\\u0077ord": "planted'),
        ("application/json", '{"password": ["planted", "planted"'),
        ("application/json", '{"instance": "/a/token%3Dplanted"}'),
        ("application/json", '[{"name": "password", "value": "planted"}]'),
        ("application/json", '{"key": "' + "-----BEGIN PRIVATE KEY-----\\nplanted" * 200 + '"}'),
        ("application/json", '{"name": "' + "x" * 2_000 + '", "pin": "' + "planted" * 100 + '"}'),
        ("application/json; charset=utf-16", '{"password": "planted"}'.encode("utf-16")),
        ("application/json", b'{"password": "planted", "bad": "\xff\xfe"}'),
        ("application/json", '{"log": "{\\"password\\": \\"planted\\"}"}'),
        ("application/x-www-form-urlencoded", "user%5Bpassword%5D=planted&a=b"),
        ("application/x-www-form-urlencoded", "a=b;password=planted"),
        ("text/plain", "Authorization: Bearer planted\nCookie: a=planted; b=planted\n"),
        ("text/plain", "password: |\n  planted\n  planted\n"),
        ("text/plain", "<user><password>planted</password></user>"),
        ("text/plain", b"pass\0word: planted"),
    ],
)
async def test_redacts_secrets_in_bodies(echo: Echo, media_type: str, body: str | bytes) -> None:
    line = await echo.line_of(body, media_type)
    assert line["http.response.body.size"] == len(body)
    assert "planted" not in log_text(echo.log)
    assert "p\\u0000l" not in log_text(echo.log)


async def test_streamed_upload_of_50_mib_needs_no_memory(boot: Boot, tmp_path: Path) -> None:
    settings = Settings(log_file=tmp_path / "log", log_bodies="all", max_body_size=100 * MEBIBYTE)
    chunk = b"x" * 2**16

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(50 * MEBIBYTE // len(chunk)):
            yield chunk

    async with boot(create_app(settings)) as url, aiohttp.ClientSession(url) as session:
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
    assert line["http.request.body.content"] == "x" * 2048 + "…"


async def test_logs_no_bodies_if_log_bodies_is_off(boot: Boot, tmp_path: Path) -> None:
    settings = Settings(log_file=tmp_path / "log", log_bodies="off")
    async with boot(create_app(settings)) as url, aiohttp.ClientSession(url) as session:
        async with session.post("/sample/echo", json={"a": "planted"}) as response:
            assert response.status == 400
        await access_lines(tmp_path / "log")
    assert "planted" not in log_text(tmp_path / "log")
