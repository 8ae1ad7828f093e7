"""The requests that the upstream client sends."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp import web
from pydantic import BaseModel, Field

from chassis import errors
from chassis.request_context import RequestContext, _current
from chassis.upstream import QueryParameters, UpstreamClient

from ..sample_service.settings import Settings
from .stub import Upstream, client_of, raw_upstream, whole

ID = UUID("0192d6f2-7a7e-7d2e-8a55-1f1f1f1f1f1f")


class Colour(Enum):
    RED = "red"


class Shade(str, Enum):  # noqa: UP042 - whose str() is Shade.DARK, unlike that of a StrEnum
    DARK = "dark"


class Size(IntEnum):
    LARGE = 3


class DriversUUID(UUID):
    """A subclass of UUID, as asyncpg has one."""


class User(BaseModel):
    name: str
    born: date | None = Field(None, serialization_alias="bornOn")


@dataclass
class Point:
    x: int


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
async def test_has_a_function_for_each_http_method(upstream: Upstream, method: str) -> None:
    async with client_of(upstream.url) as client:
        assert await getattr(client, method)("/path", read=whole) == {"fine": True}
    assert [(request.method, request.path) for request in upstream.requests] == [(method.upper(), "/path")]


async def test_head_returns_status_and_headers(upstream: Upstream) -> None:
    upstream.handler = upstream.sequence(web.Response(headers={"ETag": '"1"'}), web.Response(status=404))
    async with client_of(upstream.url) as client:
        answer = await client.head("/")
        assert (answer.status, answer.headers["etag"], answer.value) == (200, '"1"', None)
        assert (await client.head("/", answers={404: False})).value is False
    assert {request.method for request in upstream.requests} == {"HEAD"}


async def test_propagates_request_id_and_trace(upstream: Upstream) -> None:
    context = RequestContext(request_id="abc", trace_id="1" * 32, span_id="2" * 16, trace_flags="01")
    token = _current.set(context)
    try:
        async with client_of(upstream.url) as client:
            await client.get("/", headers={"X-Own": "own"})
    finally:
        _current.reset(token)
    sent = upstream.requests[0].headers
    assert sent["Accept"] == "application/json"
    assert (sent["X-Request-ID"], sent["traceparent"], sent["X-Own"]) == ("abc", context.traceparent, "own")


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        pytest.param("ada", "ada", id="plain"),
        pytest.param(7, "7", id="a number"),
        pytest.param(ID, str(ID), id="an id"),
        pytest.param(DriversUUID(str(ID)), str(ID), id="an id of the driver"),
        pytest.param(date(2026, 11, 25), "2026-11-25", id="a date"),
        pytest.param(Shade.DARK, "dark", id="an enumeration"),
        pytest.param("a/b", "a%2Fb", id="slash"),
        pytest.param("a?b=c#d", "a%3Fb%3Dc%23d", id="query and fragment"),
        pytest.param("../../admin", "..%2F..%2Fadmin", id="parent folder"),
        pytest.param("%2e%2e", "%252e%252e", id="quoted dots"),
        pytest.param("a%2Fb", "a%252Fb", id="quoted slash"),
        pytest.param("{other}", "%7Bother%7D", id="a template"),
        pytest.param("a b\r\nHost: x", "a%20b%0D%0AHost%3A%20x", id="line break"),
        pytest.param(";a=b\\", "%3Ba%3Db%5C", id="path parameter"),
        pytest.param("Ä", "%C3%84", id="not ASCII"),
    ],
)
async def test_quotes_path_values(upstream: Upstream, value: str | int | UUID | date | Enum, sent: str) -> None:
    async with client_of(f"{upstream.url}/base/") as client:
        await client.get("/users/{id}/friends", path={"id": value}, query={"limit": 1})
    assert upstream.requests[0].raw_path == f"/base/users/{sent}/friends?limit=1"


@pytest.mark.parametrize("value", ["", ".", ".."])
async def test_does_not_send_path_values_that_would_change_the_path(upstream: Upstream, value: str) -> None:
    """They cannot be quoted, and `DELETE /users/` would be another operation."""
    async with client_of(upstream.url) as client:
        assert await client.get("/users/{id}", path={"id": value}, read=whole, answers={404: None}) is None
        with pytest.raises(errors.UpstreamRefused, match=r"DELETE /users/\{id\}$") as caught:
            await client.delete("/users/{id}", path={"id": value})
    assert caught.value.status == 404
    assert upstream.requests == []


@pytest.mark.parametrize("template", ["users", "@elsewhere/", "/users?name=x", "/users#x"])
async def test_refuses_an_invalid_path_template(upstream: Upstream, template: str) -> None:
    async with client_of(upstream.url) as client:
        with pytest.raises(ValueError, match="is not a path template"):
            await client.get(template)


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ([("id", "1"), ("id", "&2")], "id=1&id=%262"),
        ({"id": [ID, "a+b c"]}, f"id={ID}&id=a%2Bb%20c"),
        ({"on": True, "off": False, "none": None, "some": [None, 0]}, "on=true&off=false&some=0"),
        ({"day": date(2026, 11, 25)}, "day=2026-11-25"),
        ({"at": datetime(2026, 1, 2, 3, 4, tzinfo=UTC)}, "at=2026-01-02T03%3A04%3A00Z"),
        ({"price": Decimal("1.50"), "ratio": 0.5, "colour": Colour.RED}, "price=1.50&ratio=0.5&colour=red"),
        ({"shade": [Shade.DARK], "size": Size.LARGE}, "shade=dark&size=3"),
        ({"a=b&": "c"}, "a%3Db%26=c"),
        ({}, None),
    ],
    ids=str,
)  # fmt: skip
async def test_encodes_query_parameters(upstream: Upstream, query: QueryParameters, sent: str | None) -> None:
    async with client_of(upstream.url) as client:
        await client.get("/path", query=query)
    assert upstream.requests[0].raw_path == ("/path" if sent is None else f"/path?{sent}")


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        pytest.param(User(name="Ada", born=date(1815, 12, 10)), {"name": "Ada", "bornOn": "1815-12-10"}, id="model"),
        pytest.param({"user": User(name="Ada")}, {"user": {"name": "Ada", "bornOn": None}}, id="model inside"),
        pytest.param([Point(1), ID, float("nan")], [{"x": 1}, str(ID), None], id="plain data"),
        pytest.param({}, {}, id="empty"),
    ],
)
async def test_sends_a_body(upstream: Upstream, body: object, sent: object) -> None:
    bodies: list[Mapping[str, object]] = []

    async def keep(request: web.BaseRequest) -> web.StreamResponse:
        bodies.append(json.loads(await request.read()))
        return web.Response(status=201)

    upstream.handler = keep
    async with client_of(upstream.url) as client:
        await client.post("/", json=body)
    assert bodies == [sent]
    assert upstream.requests[0].content_type == "application/json"


async def test_sends_a_large_body() -> None:
    received = asyncio.get_running_loop().create_future()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = re.search(rb"Content-Length: (\d+)\r", await reader.readuntil(b"\r\n\r\n"))
        received.set_result(await reader.readexactly(int(length[1]) if length else 0))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with raw_upstream(take) as url, client_of(url) as client:
        await client.post("/", json="x" * 2**21)
    assert json.loads(await received) == "x" * 2**21


async def test_sends_no_body_by_default(upstream: Upstream) -> None:
    async with client_of(upstream.url) as client:
        await client.get("/")
    assert not upstream.requests[0].body_exists
    assert "Content-Type" not in upstream.requests[0].headers


@pytest.mark.parametrize(("key", "sent"), [("abc", '"abc"'), (ID, f'"{ID}"'), ('a"b\\c', '"a\\"b\\\\c"')])
async def test_sends_an_idempotency_key(upstream: Upstream, key: str | UUID, sent: str) -> None:
    async with client_of(upstream.url) as client:
        await client.post("/", idempotency_key=key)
    assert upstream.requests[0].headers["Idempotency-Key"] == sent


@pytest.mark.parametrize("key", ["", "ä", "a\r\nb"])
async def test_refuses_an_invalid_idempotency_key(upstream: Upstream, key: str) -> None:
    async with client_of(upstream.url) as client:
        with pytest.raises(ValueError, match="printable ASCII"):
            await client.post("/", idempotency_key=key)


async def test_requests_no_compression(upstream: Upstream) -> None:
    """A small compressed response could fill the memory."""
    async with client_of(upstream.url) as client:
        await client.get("/", read=whole)
    assert upstream.requests[0].headers["Accept-Encoding"] == "identity"


async def test_stores_no_cookies(upstream: Upstream) -> None:
    """A cookie belongs to one request; the next call may be on behalf of somebody else."""
    headers = {"Set-Cookie": "session=1"}
    upstream.handler = upstream.sequence(*(web.json_response(1, headers=headers) for _ in range(2)))
    async with client_of(upstream.url.replace("127.0.0.1", "localhost")) as client:
        for _ in range(2):
            await client.get("/", read=whole)
    assert [request.headers.get("Cookie") for request in upstream.requests] == [None, None]


async def test_ignores_proxies_and_netrc_of_the_environment(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password planted")
    netrc.chmod(0o600)
    for name, value in {"HTTP_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1", "NETRC": netrc}.items():
        monkeypatch.setenv(name, str(value))
        monkeypatch.setenv(name.lower(), str(value))
    async with client_of(upstream.url) as client:
        assert await client.get("/", read=whole) == {"fine": True}
    assert "Authorization" not in upstream.requests[0].headers


@pytest.mark.parametrize("url", ["http://users?a=b", "http://users/#a", "http://me:planted@users", "http://", "users"])
def test_refuses_an_invalid_base_url(url: str) -> None:
    with pytest.raises(ValueError, match="validation error") as caught:
        UpstreamClient("users", url, Settings())
    assert "planted" not in str(caught.value)
