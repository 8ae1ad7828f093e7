"""A small application behaves the same whether it is built with plain FastAPI or with `build_application`."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated

import aiohttp
import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response
from starlette.responses import JSONResponse, PlainTextResponse

from chassis.application import build_application
from chassis.database import Database

from .authentication.documents import without_tokens
from .conftest import Boot
from .sample_service.settings import Settings

Build = Callable[[Iterable[APIRouter]], FastAPI]


class Broken(Exception):
    pass


class Unforeseen(Exception):
    pass


@dataclass
class Small:
    """The application, and the events that occurred in it."""

    app: FastAPI
    events: list[str] = field(default_factory=list)


def tenant() -> str:
    return "real"


async def guard(request: Request) -> None:
    if "guarded" in request.query_params:
        raise HTTPException(403)


def leaves_router(events: list[str]) -> APIRouter:
    """Return a nested router with dependencies of its own and of its routes."""

    async def noted() -> AsyncIterator[str]:
        events.append("dependency opened")
        yield "noted"
        events.append("dependency closed")

    router = APIRouter(prefix="/leaves", dependencies=[Depends(guard)])

    @router.get("/{leaf}")
    async def get_leaf(
        leaf: int, which: Annotated[str, Depends(tenant)], note: Annotated[str, Depends(noted)]
    ) -> dict[str, int | str]:
        return {"leaf": leaf, "tenant": which, "note": note}

    return router


def tree_router(events: list[str]) -> APIRouter:
    """Return a router with a lifespan and failing routes."""

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        events.append("router opened")
        yield
        events.append("router closed")

    router = APIRouter(prefix="/tree", lifespan=lifespan)
    router.include_router(leaves_router(events))

    @router.get("/fails/{how}")
    async def fail(how: str) -> None:
        raise {"broken": Broken(), "unforeseen": Unforeseen(), "teapot": HTTPException(418)}[how]

    @router.get("/state")
    def state(request: Request) -> dict[str, str]:  # in a thread, as FastAPI runs it
        return {"colour": request.app.state.colour, "named": request.url_for("get_leaf", leaf=1).path}

    @router.put("/answer", status_code=202)
    async def answer(response: Response) -> dict[str, int]:
        response.headers["X-Own"] = "kept"
        response.set_cookie("a", "b")
        return {"a": 1}

    return router


def small_application(build: Build) -> Small:
    """Return an application that uses FastAPI's documented features, some of them after it was built."""
    events: list[str] = []
    app = build([tree_router(events)])
    app.state.colour = "red"
    app.dependency_overrides[tenant] = lambda: "overridden"
    app.add_api_route("/later", lambda: "later")
    inner = FastAPI()
    inner.add_api_route("/mounted", lambda: "mounted")
    app.mount("/inner", inner)
    app.add_exception_handler(Broken, lambda *_: JSONResponse({"own": "answer"}, 409))
    app.add_exception_handler(418, lambda *_: PlainTextResponse("short and stout", 418))
    app.add_exception_handler(Exception, lambda _, error: JSONResponse({"own": type(error).__name__}, 500))
    return Small(app, events)


def plainly(routers: Iterable[APIRouter]) -> FastAPI:
    app = FastAPI()
    for router in routers:
        app.include_router(router)
    return app


def builds(settings: Settings) -> list[Build]:
    def by_chassis(routers: Iterable[APIRouter]) -> FastAPI:
        return build_application(settings, database=Database(settings), routers=routers, problems=[])

    return [plainly, by_chassis]


Both = list[tuple[Small, aiohttp.ClientSession]]


@pytest.fixture
async def both(sample_settings: Settings, boot: Boot) -> AsyncIterator[Both]:
    async with AsyncExitStack() as stack:
        running = []
        for build in builds(sample_settings):
            small = small_application(build)
            url = await stack.enter_async_context(boot(small.app))
            running.append((small, await stack.enter_async_context(aiohttp.ClientSession(url))))
        yield running


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/tree/leaves/7", 200),
        ("GET", "/tree/leaves/7?guarded", 403),
        ("GET", "/tree/fails/broken", 409),
        ("GET", "/tree/fails/teapot", 418),
        ("GET", "/tree/fails/unforeseen", 500),
        ("GET", "/tree/state", 200),
        ("PUT", "/tree/answer", 202),
        ("GET", "/later", 200),
        ("GET", "/inner/mounted", 200),
    ],
)
async def test_responses_equal_plain_fastapi(both: Both, method: str, path: str, status: int) -> None:
    answers = []
    for small, client in both:
        async with client.request(method, path) as response:
            assert response.status == status
            own = {name: response.headers.get(name) for name in ("Content-Type", "X-Own", "Set-Cookie")}
            shown = (own, await response.text()) if status != 403 else ()  # with `build_application` it is a problem
            answers.append((shown, small.events))
    assert answers[0] == answers[1]


async def test_runs_lifespans_and_dependencies_of_routers(sample_settings: Settings, boot: Boot) -> None:
    for build in builds(sample_settings):
        small = small_application(build)
        async with boot(small.app) as url, aiohttp.ClientSession(url) as client:
            await client.get("/tree/leaves/1")
        assert small.events == ["router opened", "dependency opened", "dependency closed", "router closed"]


async def test_handler_for_status_500_handles_unexpected_errors(sample_settings: Settings, boot: Boot) -> None:
    for build in builds(sample_settings):
        app = build([tree_router([])])
        app.add_exception_handler(500, lambda _, error: PlainTextResponse(type(error).__name__, 500))
        async with (
            boot(app) as url,
            aiohttp.ClientSession(url) as client,
            client.get("/tree/fails/unforeseen") as response,
        ):
            assert (response.status, await response.text()) == (500, "Unforeseen")


async def test_openapi_document_equals_plain_fastapi(both: Both) -> None:
    (plain, _), (ours, _) = both
    documented = without_tokens(ours.app.openapi())
    expected = without_tokens(plain.app.openapi())
    assert {path: documented[path] for path in expected} == expected
