"""Features from FastAPI's documentation work as in plain FastAPI: responses, side effects and documents are equal."""

import asyncio
import tempfile
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fastapi import APIRouter, FastAPI

from chassis.application import build_application
from chassis.database import Database

from .authentication.documents import without_tokens
from .conftest import Boot
from .featured_routes import featured_router
from .sample_service.settings import Settings

COMPARED = ("Content-Type", "Content-Length", "Location", "X-Own", "X-Stream", "X-Route", "Set-Cookie", "ETag")
TAGGED = [("Agent-Name", "me"), ("X-Tags", "a"), ("X-Tags", "b"), ("Cookie", "session=s")]
PAINT = {"name": "sky", "colour": "blue", "netPrice": 2.5}
BASIC = [("Authorization", f"Basic {b64encode(b'me:password').decode()}")]
EFFECTS = {
    "/dependencies?step=3": ["counted"],
    "/gives-way": ["closed"],
    "/gives-way?fails=true": ["noted", "closed"],
    "/stream": ["streamed"],
    "/tasks": ["task"],
}

Both = list[tuple[FastAPI, list[str], aiohttp.ClientSession]]


@pytest.fixture(scope="module")
async def both(sample_settings: Settings, boot: Boot) -> AsyncIterator[Both]:
    def plainly(router: APIRouter) -> FastAPI:
        app = FastAPI()
        app.include_router(router)
        return app

    def by_chassis(router: APIRouter) -> FastAPI:
        return build_application(sample_settings, database=Database(sample_settings), routers=[router], problems=[])

    builds: list[Callable[[APIRouter], FastAPI]] = [plainly, by_chassis]
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        running = []
        for build in builds:
            events: list[str] = []
            app = build(featured_router(events, folder))
            url = await stack.enter_async_context(boot(app))
            running.append((app, events, await stack.enter_async_context(aiohttp.ClientSession(url))))
        yield running


async def check_effects(events: list[str], path: str) -> None:
    """Compare side effects, some of which occur after the response."""
    expected = EFFECTS.get(path, [])
    for _ in range(1_000):
        if len(events) >= len(expected):
            break
        await asyncio.sleep(0.01)
    assert events == expected


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/parameters/a/b.txt?farbe=red&word=xyz", {"headers": TAGGED}, 200),
        ("GET", "/parameters/a", {"headers": TAGGED[:3]}, 200),
        ("GET", "/query-model?colours=red&colours=blue&dearest=2.5", {}, 200),
        ("PUT", "/bodies/7", {"json": {"first": PAINT, "second": PAINT, "weight": 2}}, 200),
        ("PUT", "/bodies/7", {"json": {"first": PAINT}}, 200),
        ("POST", "/embedded", {"json": {"paint": PAINT}}, 200),
        ("GET", "/dependencies?step=3", {}, 200),
        ("GET", "/gives-way", {}, 200),
        ("GET", "/reversed", {}, 200),
        ("GET", "/model", {}, 200),
        ("GET", "/unset", {}, 200),
        ("GET", "/default-class", {}, 200),
        ("GET", "/html", {}, 200),
        ("GET", "/redirect", {"allow_redirects": False}, 302),
        ("GET", "/file", {}, 200),
        ("GET", "/file", {"headers": [("Range", "bytes=5-9")]}, 206),
        ("GET", "/stream", {}, 206),
        ("GET", "/events", {}, 200),
        ("POST", "/tasks", {}, 202),
        ("DELETE", "/gone", {}, 204),
        ("GET", "/chosen", {}, 207),
        ("GET", "/secured/scoped", {"headers": [("Authorization", "Bearer read")]}, 200),
        ("GET", "/secured/basic", {"headers": BASIC}, 200),
        ("GET", "/secured/key", {"headers": [("X-Key", "k")]}, 200),
    ],
)
async def test_responses_and_side_effects_equal_plain_fastapi(
    both: Both, method: str, path: str, options: dict[str, Any], status: int
) -> None:
    answers = []
    for _, events, client in both:
        events.clear()
        async with client.request(method, f"/featured{path}", **options) as response:
            assert response.status == status, await response.text()
            headers = {name: response.headers.getall(name, []) for name in COMPARED}
            answers.append((headers, await response.text()))
        await check_effects(events, path)
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/parameters/a?word=A", {"headers": TAGGED}, 422),
        ("GET", "/parameters/a", {}, 422),
        ("GET", "/query-model?colours=green", {}, 422),
        ("PUT", "/bodies/7", {"json": {"first": PAINT, "weight": 0}}, 422),
        ("POST", "/embedded", {"json": PAINT}, 422),
        ("GET", "/gives-way?fails=true", {}, 410),
        ("GET", "/file", {"headers": [("Range", "bytes=999999-")]}, 416),
        ("GET", "/secured/scoped", {}, 401),
        ("GET", "/secured/scoped", {"headers": [("Authorization", "Bearer write")]}, 401),
        ("GET", "/secured/basic", {}, 401),
        ("GET", "/secured/key", {}, 401),
        ("GET", "/nowhere", {}, 404),
        ("POST", "/chosen", {}, 405),
    ],
)
async def test_error_responses_equal_plain_fastapi_except_for_the_body(
    both: Both, method: str, path: str, options: dict[str, Any], status: int
) -> None:
    answers = []
    for _, events, client in both:
        events.clear()
        async with client.request(method, f"/featured{path}", **options) as response:
            assert response.status == status, await response.text()
            answers.append((response.headers.get("WWW-Authenticate"), response.headers.get("Content-Range")))
        await check_effects(events, path)
    assert answers[0] == answers[1]


def test_openapi_document_equals_plain_fastapi(both: Both) -> None:
    plain, ours = (app.openapi() for app, *_ in both)
    documented, expected = without_tokens(ours), without_tokens(plain)
    assert {path: documented[path] for path in expected} == expected
    secured = ours["paths"]["/featured/secured/basic"]["get"]["security"]
    assert secured == [{"HTTPBasic": [], "bearer": []}], "if a token is needed, both responses are documented"
    for kind, parts in plain["components"].items():
        assert {name: ours["components"][kind][name] for name in parts} == parts
