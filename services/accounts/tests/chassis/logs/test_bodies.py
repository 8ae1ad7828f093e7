"""Which bodies the access line shows, how much of them, and what it never shows."""

import json
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from ..conftest import Boot
from ..log_reader import access_lines, log_text
from ..sample_service.main import create_app
from ..sample_service.settings import Settings

ITEM = {"name": "lamp", "day": "2026-01-01"}
MEBIBYTE = 2**20


async def test_keeps_bodies_of_errors_only(sample: aiohttp.ClientSession, sample_log: Path) -> None:
    async with sample.post("/sample/items", json=ITEM) as response:
        assert response.status == 201
    async with sample.post("/sample/items", json={"name": "lamp", "password": 123_456}) as response:
        answer = await response.text()
    succeeded, failed = await access_lines(sample_log, count=2)
    assert not [name for name in succeeded if name.endswith("body.content")]
    assert json.loads(failed["http.request.body.content"]) == {"name": "lamp", "password": "[redacted]"}
    assert json.loads(failed["http.response.body.content"]) == json.loads(answer)


@pytest.mark.parametrize("body", [b'{"name": "planted"}', b'{"name": "planted"', b"planted", b'{"planted": 1}'])
@pytest.mark.parametrize("media_type", ["application/json", "text/plain"])
async def test_keeps_no_body_of_a_router_that_says_so(
    sample: aiohttp.ClientSession, sample_log: Path, body: bytes, media_type: str
) -> None:
    for method in ("POST", "PUT"):
        await sample.request(method, "/private", data=body, headers={"Content-Type": media_type})
    first, second = await access_lines(sample_log, count=2)
    assert first["http.response.status_code"] in {200, 415, 422}
    assert second["http.response.status_code"] == 405
    assert not [name for line in (first, second) for name in line if name.endswith("body.content")]
    assert "planted" not in log_text(sample_log)


async def test_keeps_no_body_that_is_compressed(sample: aiohttp.ClientSession, sample_log: Path) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    async with sample.post("/sample/echo", data=b"whatever it says", headers=headers) as response:
        assert response.status == 400
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
    assert line["http.request.body.content"] == "x" * 2048


async def test_log_bodies_off_keeps_none(boot: Boot, tmp_path: Path) -> None:
    settings = Settings(log_file=tmp_path / "log", log_bodies="off")
    async with boot(create_app(settings)) as url, aiohttp.ClientSession(url) as session:
        async with session.post("/sample/echo", json={"a": "planted"}) as response:
            assert response.status == 400
        await access_lines(tmp_path / "log")
    assert "planted" not in log_text(tmp_path / "log")
