"""Middleware of a service, passed or added later, works as FastAPI documents it, inside of the chassis's own."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fastapi import BackgroundTasks, FastAPI
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.request_context import current_request

from .conftest import Boot
from .log_reader import access_lines, empty, read_log
from .sample_service.main import create_app
from .sample_service.settings import Settings

Build = Callable[[Settings], FastAPI]
colour: ContextVar[str] = ContextVar("colour", default="none")


class Failing:
    """Pure ASGI middleware that raises."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            raise RuntimeError("planted")
        await self.app(scope, receive, send)


async def fail(_request: Request, _call_next: RequestResponseEndpoint) -> Response:
    raise RuntimeError("planted")


async def pass_on(request: Request, call_next: RequestResponseEndpoint) -> Response:
    colour.set("red")
    response = await call_next(request)
    response.headers["X-Passed"] = "on"
    return response


def given(settings: Settings) -> FastAPI:
    return create_app(settings, middleware=[Middleware(Failing)])


def given_as_function(settings: Settings) -> FastAPI:
    return create_app(settings, middleware=[Middleware(BaseHTTPMiddleware, dispatch=fail)])


def added(settings: Settings) -> FastAPI:
    app = create_app(settings)
    app.add_middleware(Failing)
    return app


def decorated(settings: Settings) -> FastAPI:
    app = create_app(settings)
    app.middleware("http")(fail)
    return app


@pytest.mark.parametrize("build", [given, given_as_function, added, decorated])
async def test_middleware_errors_become_a_problem_with_one_access_line_and_one_stack_trace(
    sample_settings: Settings, sample_log: Path, boot: Boot, build: Build
) -> None:
    async with boot(build(sample_settings)) as url, aiohttp.ClientSession(url) as client:
        empty(sample_log)
        async with client.get("/sample/items", headers={"X-Request-ID": "mine"}) as response:
            assert response.status == 500
            assert response.headers.getall("X-Request-ID") == ["mine"]
            assert response.headers["X-Frame-Options"] == "DENY"
            problem = await response.json(content_type="application/problem+json")
        assert problem["type"] == "/problems/internal-error"
        [line] = await access_lines(sample_log)
    assert (line["http.response.status_code"], line["request_id"]) == (500, "mine")
    [trace] = [each for each in read_log(sample_log) if "exception.type" in each]
    assert (trace["exception.message"], trace["request_id"]) == ("planted", "mine")


async def test_added_middleware_wraps_passed_middleware(sample_settings: Settings, boot: Boot) -> None:
    seen: list[str] = []

    def noting(name: str) -> Callable[[Request, RequestResponseEndpoint], Awaitable[Response]]:
        async def note(request: Request, call_next: RequestResponseEndpoint) -> Response:
            context = current_request()
            seen.append(f"{name} {context.request_id if context else 'nothing'}")
            return await call_next(request)

        return note

    first = Middleware(BaseHTTPMiddleware, dispatch=noting("given"))
    app = create_app(sample_settings, middleware=[first])
    app.add_middleware(BaseHTTPMiddleware, dispatch=noting("added"))
    app.middleware("http")(noting("last"))
    headers = {"X-Request-ID": "mine"}
    async with boot(app) as url, aiohttp.ClientSession(url) as client, client.get("/health/live", headers=headers):
        assert seen == ["last mine", "added mine", "given mine"]


class Renaming:
    """Middleware that changes the media type of each response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def renaming(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(raw=message["headers"])["content-type"] = "text/renamed"
            await send(message)

        await self.app(scope, receive, renaming if scope["type"] == "http" else send)


async def test_around_middleware_sees_every_response(sample_settings: Settings, sample_log: Path, boot: Boot) -> None:
    """Also those of the chassis: a body that is too large, an unknown host, a bug, malformed HTTP."""
    changed = sample_settings.model_copy(update={"max_body_size": 10, "allowed_hosts": frozenset({"127.0.0.1"})})
    app = create_app(changed, around=[Middleware(Renaming)])
    asked: list[tuple[str, str, dict[str, str], bytes, int]] = [
        ("GET", "/sample/items", {}, b"", 200),
        ("GET", "/sample/boom", {}, b"", 500),
        ("POST", "/sample/items", {}, b"12345678901", 413),
        ("GET", "/sample/items", {"Host": "elsewhere"}, b"", 421),
        ("GET", "/sample/items?" + "a" * 70_000, {}, b"", 414),
    ]
    async with boot(app) as url, aiohttp.ClientSession(url) as client:
        empty(sample_log)
        for method, path, headers, body, status in asked:
            async with client.request(method, path, headers=headers, data=body) as response:
                assert (response.status, response.content_type) == (status, "text/renamed")
                assert response.headers["X-Frame-Options"] == "DENY"
                assert "X-Request-ID" in response.headers
        assert len(await access_lines(sample_log, len(asked))) == len(asked)


async def test_refuses_middleware_after_startup(sample_settings: Settings, boot: Boot) -> None:
    app = create_app(sample_settings)
    async with boot(app):
        with pytest.raises(RuntimeError, match="Cannot add middleware after an application has started"):
            app.add_middleware(Failing)


async def test_middleware_stack_can_be_rebuilt_by_a_library(
    sample_settings: Settings, sample_log: Path, boot: Boot
) -> None:
    """OpenTelemetry's instrumentation does this to wrap the application."""
    app = create_app(sample_settings)
    app.middleware("http")(pass_on)
    async with boot(app) as url, aiohttp.ClientSession(url) as client:
        app.middleware_stack = app.build_middleware_stack()
        empty(sample_log)
        async with client.get("/sample/items") as response:
            assert response.headers.getall("X-Passed") == ["on"]
            assert len(response.headers.getall("X-Frame-Options")) == 1
        await access_lines(sample_log)


@pytest.fixture
async def passed(
    sample_settings: Settings, sample_log: Path, boot: Boot
) -> AsyncIterator[tuple[aiohttp.ClientSession, list[str]]]:
    """Yield a client of an application whose middleware sets a context variable, and what its routes noted."""
    events: list[str] = []
    app = create_app(sample_settings)
    app.middleware("http")(pass_on)

    @app.get("/colour")
    async def get_colour() -> list[Any]:
        context = current_request()
        return [colour.get(), context.request_id if context else None]

    @app.get("/slowly")
    async def slowly() -> StreamingResponse:
        async def chunks() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"chunk"
                    await asyncio.sleep(0.01)
            finally:
                events.append("ended")

        return StreamingResponse(chunks())

    @app.get("/later")
    async def later(tasks: BackgroundTasks, how: str) -> str:
        async def work() -> None:
            events.append(f"worked for {colour.get()}")
            if how == "badly":
                raise RuntimeError("planted")

        tasks.add_task(work)
        return "answered"

    async with boot(app) as url, aiohttp.ClientSession(url) as client:
        empty(sample_log)
        yield client, events


async def until(events: list[str], event: str) -> None:
    async with asyncio.timeout(60):
        while event not in events:
            await asyncio.sleep(0.01)
            gc.collect()  # closes a generator whose client left while it was sending, as in any Starlette application


async def test_context_variables_reach_the_route(passed: tuple[aiohttp.ClientSession, list[str]]) -> None:
    client, _ = passed
    async with client.get("/colour", headers={"X-Request-ID": "mine"}) as response:
        assert await response.json() == ["red", "mine"]
        assert response.headers["X-Passed"] == "on"


async def test_streams_through_middleware_and_stops_if_the_client_disconnects(
    passed: tuple[aiohttp.ClientSession, list[str]], sample_log: Path
) -> None:
    client, events = passed
    async with client.get("/slowly") as response:
        assert await response.content.readexactly(5) == b"chunk"
        assert events == []
    response.close()
    await until(events, "ended")
    await access_lines(sample_log)
    assert not [each for each in read_log(sample_log) if "exception.type" in each]


@pytest.mark.parametrize(("how", "traces"), [("well", []), ("badly", ["planted"])])
async def test_background_tasks_run_after_the_response(
    passed: tuple[aiohttp.ClientSession, list[str]], sample_log: Path, how: str, traces: list[str]
) -> None:
    client, events = passed
    async with client.get("/later", params={"how": how}) as response:
        assert (response.status, await response.json()) == (200, "answered")
    await until(events, "worked for red")
    await access_lines(sample_log)
    assert [each["exception.message"] for each in read_log(sample_log) if "exception.type" in each] == traces
