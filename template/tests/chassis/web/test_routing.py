"""Routes of a `ResourceRouter` behave as with `include_router`, whatever else the router has."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException
from fastapi.exceptions import FastAPIError
from fastapi.responses import PlainTextResponse
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.sse import EventSourceResponse
from pydantic import BaseModel
from starlette.routing import Match
from starlette.types import Scope

from chassis.application import build_application
from chassis.database import Database
from chassis.web.routing import ResourceRouter, add_router, api_router
from chassis.web.served_routes import UnservedRoute
from chassis.web.strict_json import StrictJsonRoute

from ..conftest import Boot
from ..sample_service.settings import Settings

Build = Callable[[APIRouter], FastAPI]


class Part(BaseModel):
    """A part, one field of which is usually left out."""

    name: str
    weight: float | None = None


class Heavy(Part):
    """A part with a field that no response has."""

    secret: str


def whose() -> str:
    """Return a name that the test overrides."""
    return "nobody"


async def required(x_key: Annotated[str, Header()]) -> None:
    """Require a header."""
    if x_key != "right":
        raise HTTPException(403)


def parts_router() -> APIRouter:
    """Return a router whose routes use many options."""
    router = api_router(prefix="/parts", tag="parts", description="All parts.")
    called_back = APIRouter()
    called_back.add_api_route("{$request.body#/url}", lambda: None, methods=["POST"], name="called_back")

    @router.get("", deprecated=True, summary="Every part", response_model_exclude_none=True)
    async def list_parts(owner: Annotated[str, Depends(whose)]) -> list[Part]:
        return [Part(name=owner)]

    @router.post("", status_code=201, dependencies=[Depends(required)], callbacks=called_back.routes)
    async def add_part(part: Part) -> Part:
        return part

    @router.get("/{name}", response_class=PlainTextResponse, openapi_extra={"x-own": True}, operation_id="own_id")
    async def get_part(name: str) -> str:
        return name

    @router.api_route("/{name}", methods=["PUT", "PATCH"], include_in_schema=False, response_model=None)
    async def change_part(name: str) -> dict[str, str]:
        return {"name": name}

    return router


def included(router: APIRouter) -> FastAPI:
    app = FastAPI()
    app.include_router(router)
    return app


def added(router: APIRouter) -> FastAPI:
    app = FastAPI()
    add_router(app, router)
    return app


@pytest.fixture
async def clients(boot: Boot) -> AsyncIterator[list[aiohttp.ClientSession]]:
    async with (
        boot(included(parts_router())) as one,
        boot(added(parts_router())) as other,
        aiohttp.ClientSession(one) as first,
        aiohttp.ClientSession(other) as second,
    ):
        yield [first, second]


def test_openapi_document_equals_that_of_include_router() -> None:
    assert added(parts_router()).openapi() == included(parts_router()).openapi()


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", "/parts", {}),
        ("POST", "/parts", {"json": {"name": "wheel", "weight": 1}, "headers": {"X-Key": "right"}}),
        ("POST", "/parts", {"json": {"name": "wheel"}, "headers": {"X-Key": "wrong"}}),
        ("POST", "/parts", {"json": {"name": 1}, "headers": {"X-Key": "right"}}),
        ("POST", "/parts", {"data": b'{"name": "a", "name": "b"}', "headers": {"X-Key": "right"}}),
        ("GET", "/parts/wheel", {}),
        ("PATCH", "/parts/wheel", {}),
        ("DELETE", "/parts/wheel", {}),
        ("GET", "/nothing", {}),
    ],
)
async def test_responses_equal_those_of_include_router(
    clients: list[aiohttp.ClientSession], method: str, path: str, options: dict[str, Any]
) -> None:
    seen = []
    for client in clients:
        async with client.request(method, path, **options) as response:
            seen.append((response.status, response.content_type, response.headers.get("Allow"), await response.text()))
    assert seen[0] == seen[1]


def test_routes_are_the_applications_own() -> None:
    paths = [route.path for route in added(parts_router()).routes if isinstance(route, APIRoute)]
    assert paths == ["/parts", "/parts", "/parts/{name}", "/parts/{name}"]


@pytest.fixture
def app(sample_settings: Settings) -> Build:
    def build(router: APIRouter) -> FastAPI:
        return build_application(sample_settings, database=Database(sample_settings), routers=[router], problems=[])

    return build


async def test_dependency_overrides_apply(app: Build, boot: Boot) -> None:
    served = app(parts_router())
    served.dependency_overrides[whose] = lambda: "somebody"
    async with boot(served) as url, aiohttp.ClientSession(url) as client, client.get("/parts") as response:
        assert await response.json() == [{"name": "somebody"}]


async def test_lifespan_of_a_resource_router_runs(app: Build, boot: Boot) -> None:
    events: list[str] = []

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        events.append("opened")
        yield
        events.append("closed")

    router = ResourceRouter(prefix="/own", lifespan=lifespan)
    router.tag = {"name": "own"}
    router.add_api_route("", lambda: "served")
    async with boot(app(router)) as url, aiohttp.ClientSession(url) as client, client.get("/own") as response:
        assert (await response.json(), events) == ("served", ["opened"])
    assert events == ["opened", "closed"]


async def test_event_handlers_of_a_resource_router_run(app: Build, boot: Boot) -> None:
    events: list[str] = []
    router = parts_router()
    router.on_startup.append(lambda: events.append("started"))
    async with boot(app(router)):
        assert events == ["started"]


async def test_serves_routers_and_applications_inside_a_resource_router(app: Build, boot: Boot) -> None:
    router, inner, mounted = parts_router(), APIRouter(), FastAPI()
    inner.add_api_route("/-/inner", lambda: "inner")
    mounted.add_api_route("/route", lambda: "mounted")
    router.include_router(inner)
    router.mount("/parts-app", mounted)
    async with boot(app(router)) as url, aiohttp.ClientSession(url) as client:
        for path, body in {"/parts/-/inner": "inner", "/parts-app/route": "mounted", "/parts/a": None}.items():
            async with client.get(path) as response:
                assert response.status == 200, path
                assert body is None or await response.json() == body


async def body_of(app: FastAPI, boot: Boot, path: str) -> tuple[int, str]:
    async with boot(app) as url, aiohttp.ClientSession(url) as client, client.get(path) as response:
        return response.status, await response.text()


async def test_streamed_items_have_only_the_fields_of_their_type(app: Build, boot: Boot) -> None:
    router = api_router(prefix="/stream", tag="stream")

    @router.get("/lines")
    async def lines() -> AsyncIterator[Part]:
        yield Heavy(name="wheel", weight=1, secret="planted")

    @router.get("/events", response_class=EventSourceResponse)
    async def events() -> AsyncIterator[Part]:
        yield Heavy(name="wheel", weight=1, secret="planted")

    served = app(router)
    assert "itemSchema" in str(served.openapi()["paths"]["/stream/lines"])
    assert await body_of(served, boot, "/stream/lines") == (200, '{"name":"wheel","weight":1.0}\n')
    assert await body_of(served, boot, "/stream/events") == (200, 'data: {"name":"wheel","weight":1.0}\n\n')


async def test_serves_a_frontend_inside_a_resource_router(app: Build, boot: Boot, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("planted")
    router = parts_router()
    router.frontend("/-/pages", directory=tmp_path)
    assert await body_of(app(router), boot, "/parts/-/pages/index.html") == (200, "planted")


async def test_calls_methods_that_a_router_overrides(app: Build, boot: Boot) -> None:
    class Closed(ResourceRouter):
        def matches(self, scope: Scope) -> tuple[Match, Scope]:
            return (Match.NONE, {}) if scope["path"].endswith("/closed") else super().matches(scope)

    router = Closed(prefix="/doors")
    router.tag = {"name": "doors"}
    router.add_api_route("/{name}", lambda: "open")
    served = app(router)
    assert await body_of(served, boot, "/doors/front") == (200, '"open"')
    assert (await body_of(served, boot, "/doors/closed"))[0] == 404


async def test_calls_the_init_of_a_route_class_once(app: Build, boot: Boot) -> None:
    class Versioned(StrictJsonRoute):
        def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
            super().__init__(f"/v2{path}", endpoint, **options)

    router = api_router(prefix="/parts", tag="parts")
    router.route_class = Versioned
    router.add_api_route("", lambda: "served")
    assert await body_of(app(router), boot, "/v2/parts") == (200, '"served"')


def test_keeps_attributes_of_a_route() -> None:
    router = parts_router()
    vars(router.routes[0])["log_bodies"] = False
    served = [route.original_route for route in iter_route_contexts(added(router).routes) if route.path == "/parts"]
    assert getattr(served[0], "log_bodies", None) is False


def test_refuses_an_empty_path() -> None:
    router = api_router(prefix="", tag="parts")
    router.add_api_route("", lambda: "served")
    with pytest.raises(FastAPIError, match="cannot be both empty"):
        added(router)


async def test_startup_fails_if_a_route_was_added_after_the_application_was_built(app: Build) -> None:
    router = parts_router()
    served = app(router)
    router.add_api_route("/-/late", lambda: "late")
    with pytest.raises(UnservedRoute, match="Add the route /parts/-/late to its router before `build_application`"):
        async with served.router.lifespan_context(served):
            pass
