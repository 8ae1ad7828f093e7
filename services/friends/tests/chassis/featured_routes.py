"""Routes with features from FastAPI's documentation, served by plain FastAPI and by `build_application`."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Body, Cookie, Depends, Header, HTTPException, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import (
    FileResponse,
    HTMLResponse,
    PlainTextResponse,
    RedirectResponse,
    StreamingResponse,
)
from fastapi.routing import APIRoute
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict, Field, computed_field

from .featured_security import security_router


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Paint(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    name: str = Field(examples=["sky"])
    colour: Colour = Colour.RED
    price: float | None = Field(None, alias="netPrice")
    secret: str = "hidden"

    @computed_field  # type: ignore[prop-decorator]  # as pydantic documents it
    @property
    def label(self) -> str:
        return f"{self.name} ({self.colour})"


class PaintQuery(BaseModel):
    colours: list[Colour] = []
    dearest: float = 100


class Noted(Exception):
    """A dependency with `yield` that notes its setup and cleanup."""


class ReversedRoute(APIRoute):
    """A custom route class that reverses the body of each response."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            response = await handler(request)
            return PlainTextResponse(bytes(response.body)[::-1], headers={"X-Route": "reversed"})

        return handle


class Counter:
    """A callable dependency object, which is used twice and evaluated once per request."""

    def __init__(self, events: list[str]) -> None:
        self._events = events

    def __call__(self, step: int = 1) -> int:
        self._events.append("counted")
        return step


def featured_router(events: list[str], folder: Path) -> APIRouter:
    """Return a router with all of them, below /featured."""
    router = APIRouter(prefix="/featured", generate_unique_id_function=lambda route: f"own_{route.name}")
    parts = [inputs_router(), dependencies_router(events), models_router(), responses_router(folder)]
    for part in (*parts, effects_router(events), security_router()):
        router.include_router(part)
    reversing = APIRouter(route_class=ReversedRoute)
    reversing.add_api_route("/reversed", lambda: "abc")
    router.include_router(reversing)
    return router


def inputs_router() -> APIRouter:
    """Return routes for input: parameters and bodies."""
    router = APIRouter()

    @router.get("/parameters/{file:path}", tags=["in"], summary="All kinds", deprecated=True)
    async def parameters(
        file: Annotated[str, InPath(title="A path")],
        agent_name: Annotated[str, Header()],
        x_tags: Annotated[list[str], Header()],
        session: Annotated[str | None, Cookie()] = None,
        colour: Annotated[Colour, Query(alias="farbe")] = Colour.BLUE,
        word: Annotated[str, Query(min_length=2, pattern="^[a-z]+$")] = "ab",
    ) -> list[Any]:
        return [file, agent_name, x_tags, session, colour, word]

    @router.get("/query-model")
    def query_model(query: Annotated[PaintQuery, Query()]) -> PaintQuery:
        return query

    @router.put("/bodies/{paint_id}")
    async def bodies(
        paint_id: int,
        first: Paint,
        second: Paint | None = None,
        weight: Annotated[float, Body(gt=0)] = 1,
    ) -> dict[str, Any]:
        return {"id": paint_id, "first": first, "second": second, "weight": weight}

    @router.post("/embedded")
    async def embedded(paint: Annotated[Paint, Body(embed=True)]) -> Paint:
        return paint

    return router


def dependencies_router(events: list[str]) -> APIRouter:
    """Return routes with dependencies, cached per request, with and without `yield`."""
    router = APIRouter()
    counter = Counter(events)

    def doubled(step: Annotated[int, Depends(counter)]) -> int:
        return 2 * step

    def opened() -> Iterator[str]:
        try:
            yield "open"
        except Noted:
            events.append("noted")
            raise HTTPException(410, "noted") from None
        finally:
            events.append("closed")

    @router.get("/dependencies", dependencies=[Depends(counter)])
    def dependencies(step: Annotated[int, Depends(counter)], twice: Annotated[int, Depends(doubled)]) -> list[int]:
        return [step, twice]

    @router.get("/gives-way")
    async def gives_way(state: Annotated[str, Depends(opened)], fails: bool = False) -> str:  # noqa: FBT001, FBT002
        if fails:
            raise Noted
        return state

    return router


def models_router() -> APIRouter:
    """Return routes with response models."""
    router = APIRouter()

    @router.get("/model", response_model=Paint, response_model_exclude={"secret"})
    async def model() -> dict[str, Any]:
        return {"name": "sky", "netPrice": 2.5, "more": 1}

    @router.get("/unset", response_model_exclude_unset=True, response_model_by_alias=False)
    async def unset() -> Paint:
        return Paint.model_validate({"name": "sky", "netPrice": 2.5})

    @router.delete("/gone", status_code=204, responses={404: {"description": "Was never there"}})
    async def gone(response: Response) -> None:
        response.headers["X-Own"] = "kept"

    @router.get("/chosen")
    def chosen(response: Response) -> dict[str, int]:
        response.status_code = 207
        return {"a": 1}

    return router


def responses_router(folder: Path) -> APIRouter:
    """Return routes with other kinds of responses."""
    router = APIRouter(default_response_class=PlainTextResponse)
    (folder / "file.txt").write_text("x" * 100_000)

    @router.get("/default-class")
    async def default_class() -> str:
        return "plain"

    @router.get("/html", response_class=HTMLResponse, include_in_schema=False)
    async def html() -> str:
        return "<b>bold</b>"

    @router.get("/redirect", response_class=RedirectResponse, status_code=302)
    async def redirect() -> str:
        return "/elsewhere"

    @router.get("/file", response_class=FileResponse)
    async def file() -> str:
        return str(folder / "file.txt")

    @router.get("/events", response_class=EventSourceResponse)
    async def server_sent() -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent(data={"a": 1}, event="first", id="1")

    return router


def effects_router(events: list[str]) -> APIRouter:
    """Return routes with side effects: streams, background tasks, callbacks."""
    router = APIRouter()
    callbacks = APIRouter()

    @callbacks.post("{$request.body.url}/done")
    def when_done(paint: Paint) -> None:
        pass

    @router.get("/stream")
    async def stream() -> StreamingResponse:
        async def chunks() -> AsyncIterator[bytes]:
            for number in range(3):
                yield b"%d\n" % number
            events.append("streamed")

        return StreamingResponse(chunks(), 206, {"X-Stream": "yes"}, "text/csv")

    @router.post("/tasks", status_code=202, callbacks=callbacks.routes, openapi_extra={"x-own": True})
    def tasks(tasks: BackgroundTasks, response: Response) -> dict[str, bool]:
        tasks.add_task(events.append, "task")
        response.set_cookie("seen", "yes", httponly=True)
        response.headers["X-Own"] = "kept"
        return {"queued": True}

    return router
