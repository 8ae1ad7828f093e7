"""Resources with a lifespan and middleware that a service passes to its application."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from fastapi import APIRouter
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.application import build_application
from chassis.database import Database
from chassis.request_context import current_request

from .conftest import Boot
from .log_reader import access_lines, empty, read_log
from .sample_service.main import create_app
from .sample_service.settings import Settings


@asynccontextmanager
async def resource(name: str, events: list[str]) -> AsyncIterator[None]:
    events.append(f"{name} opened")
    yield
    events.append(f"{name} closed")


async def test_resources_are_open_from_startup_to_shutdown(sample_settings: Settings, boot: Boot) -> None:
    events: list[str] = []
    app = build_application(
        sample_settings,
        database=Database(sample_settings),
        routers=[],
        problems=[],
        resources=[resource("first", events), resource("second", events)],
    )
    async with boot(app):
        assert events == ["first opened", "second opened"]
    assert events[2:] == ["second closed", "first closed"]


@pytest.mark.filterwarnings("ignore:\\s*on_event is deprecated:DeprecationWarning")
async def test_runs_each_on_event_handler_once(sample_settings: Settings, boot: Boot) -> None:
    events: list[str] = []
    router = APIRouter()
    router.on_event("startup")(lambda: events.append("router started"))
    router.on_event("shutdown")(lambda: events.append("router stopped"))
    app = build_application(
        sample_settings,
        database=Database(sample_settings),
        routers=[router],
        problems=[],
        resources=[resource("resource", events)],
    )

    async def started() -> None:
        events.append("application started")

    app.on_event("startup")(started)
    app.on_event("shutdown")(lambda: events.append("application stopped"))
    async with boot(app):
        assert events == ["resource opened", "application started", "router started"]
    assert events[3:] == ["router stopped", "application stopped", "resource closed"]


class Signing:
    """Middleware of a service that records what it sees, reads bodies, and fails on request."""

    def __init__(self, app: ASGIApp, *, seen: list[str]) -> None:
        self.app = app
        self.seen = seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request, context = Request(scope, receive), current_request()
            self.seen.append(context.request_id if context else "nothing")
            if "fail" in request.query_params:
                raise RuntimeError("planted")
            if "read" in request.query_params:
                await request.body()
        await self.app(scope, receive, send)


@pytest.fixture
async def signed(
    sample_settings: Settings, sample_log: Path, boot: Boot
) -> AsyncIterator[tuple[aiohttp.ClientSession, list[str]]]:
    seen: list[str] = []
    app = create_app(sample_settings, middleware=[Middleware(Signing, seen=seen)])
    async with boot(app) as url, aiohttp.ClientSession(url) as client:
        empty(sample_log)
        yield client, seen


async def test_middleware_of_a_service_sees_the_request_id(signed: tuple[aiohttp.ClientSession, list[str]]) -> None:
    client, seen = signed
    async with client.get("/sample/items", headers={"X-Request-ID": "mine"}) as response:
        assert response.status == 200
    assert seen == ["mine"]


async def test_error_in_service_middleware_is_a_problem_with_id_and_security_headers(
    signed: tuple[aiohttp.ClientSession, list[str]], sample_log: Path
) -> None:
    client, _ = signed
    async with client.get("/sample/items?fail", headers={"X-Request-ID": "mine"}) as response:
        assert response.status == 500
        problem = await response.json(content_type="application/problem+json")
        assert response.headers["X-Frame-Options"] == "DENY"
    assert (problem["type"], problem["request_id"]) == ("/problems/internal-error", "mine")
    [line] = await access_lines(sample_log)
    assert (line["http.response.status_code"], line["request_id"]) == (500, "mine")
    assert [each["exception.message"] for each in read_log(sample_log) if "exception.type" in each] == ["planted"]


async def test_body_limit_applies_to_middleware_of_a_service(
    signed: tuple[aiohttp.ClientSession, list[str]],
) -> None:
    client, _ = signed
    async with client.post("/sample/upload?read", data=io.BytesIO(b"x" * (2**20 + 1))) as response:
        assert response.status == 413
        assert response.headers["Connection"] == "close"
        problem = await response.json(content_type="application/problem+json")
    assert problem["detail"] == "The body may be at most 1048576 bytes."


class Wrapping(BaseHTTPMiddleware):
    """Empty middleware in FastAPI's usual style (BaseHTTPMiddleware)."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)


@pytest.mark.parametrize("path", ["/sample/upload", "/sample/items", "/sample/echo"])
@pytest.mark.parametrize("chunked", [False, True])
async def test_responds_413_above_the_body_limit_through_any_middleware(
    sample_settings: Settings,
    sample_log: Path,
    boot: Boot,
    path: str,
    chunked: bool,  # noqa: FBT001
) -> None:
    app = create_app(sample_settings, middleware=[Middleware(Wrapping)])

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(2**5 + 1):
            yield b" " * 2**15

    async with boot(app) as url, aiohttp.ClientSession(url) as client:
        empty(sample_log)
        data = pieces() if chunked else io.BytesIO(b" " * (2**20 + 1))
        async with client.post(path, data=data, headers={"Content-Type": "application/json"}) as response:
            assert response.status == 413
            problem = await response.json(content_type="application/problem+json")
        assert problem["type"] == "/problems/body-too-large"
        [line] = await access_lines(sample_log)
        assert (line["http.response.status_code"], line["level"]) == (413, "INFO")
