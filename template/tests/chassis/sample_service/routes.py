"""Routes that misbehave."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Body, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator
from starlette.responses import StreamingResponse

from chassis.errors import DatabaseUnavailable, UpstreamUnavailable
from chassis.problems import BODY_PROBLEMS, UPSTREAM_PROBLEMS, Problem, ProblemFor, problem_responses
from chassis.request_context import current_request
from chassis.web import (
    DEFAULT_LIMIT,
    LOCATION,
    NEXT_PAGE,
    Cursors,
    CursorText,
    Limit,
    api_router,
    link_next_page,
)

from . import IDENTITY

CURSORS = Cursors(IDENTITY, "items")
OUT_OF_STOCK = Problem(slug="out-of-stock", status=409, title="Out of stock")

LOCKED = Problem(slug="locked", status=401, title="Locked", headers={"WWW-Authenticate": 'Bearer realm="sample"'})
OUT_OF_ORDER = Problem(slug="out-of-order", status=500, title="Out of order")

logger = logging.getLogger(__name__)

router = api_router(prefix="/sample", tag="sample", description="What is tried.")
parts = APIRouter(prefix="/parts")


class OutOfStock(Exception):
    def __init__(self, left: int) -> None:
        super().__init__(f"Only {left} are left.")
        self.left = left


class OutOfOrder(Exception):
    pass


class Locked(Exception):
    def __init__(self, seconds: int) -> None:
        super().__init__(f"It is locked for {seconds} seconds.")
        self.seconds = seconds


PROBLEMS = (
    ProblemFor(OutOfStock, OUT_OF_STOCK, members=lambda error: {"left": error.left}),
    ProblemFor(OutOfOrder, OUT_OF_ORDER),
    ProblemFor(Locked, LOCKED, headers=lambda error: {"Retry-After": str(error.seconds)}),
)


class Round(BaseModel):
    kind: Literal["round"]


class Square(BaseModel):
    kind: Literal["square"]


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=20)
    day: date
    count: int = Field(0, le=10**6)
    price: float = 0
    labels: dict[str, str] = {}
    shape: Round | Square | None = Field(None, discriminator="kind")

    @field_validator("name")
    @classmethod
    def _refuse_the_unnamed(cls, name: str) -> str:
        if name == "thing":
            raise ValueError("A thing has a better name.")
        return name


@router.post("/items", status_code=201, responses=LOCATION | problem_responses(OUT_OF_STOCK, *BODY_PROBLEMS))
async def add_item(item: Item) -> Item:
    if item.count > 100:
        raise OutOfStock(100)
    return item


@router.get("/items", responses=NEXT_PAGE)
async def list_items(
    request: Request, response: Response, limit: Limit = DEFAULT_LIMIT, cursor: CursorText = None, colour: str = ""
) -> list[str]:
    after = CURSORS.decode(cursor)
    link_next_page(request, response, limit=limit, cursor=CURSORS.encode(after or UUID(int=1)))
    return [colour]


@router.get("/items/{item_id}")
async def get_item(item_id: UUID) -> dict[str, UUID]:
    return {"id": item_id}


@parts.get("/{part_id}", summary="Get part")
async def get_part(part_id: UUID) -> dict[str, UUID]:
    return {"id": part_id}


router.include_router(parts)


@router.get("/labels/{label}")
async def get_label(label: str, request: Request, response: Response) -> str:
    link_next_page(request, response, limit=1, cursor="next")
    return label


@router.get("/boom")
async def boom() -> None:
    raise RuntimeError("cannot reach postgresql://me:planted-dsn@db/x with password=planted-password")


@router.api_route("/any", methods=["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"], include_in_schema=False)
async def take_any_method() -> None:
    pass


@router.get("/out-of-order")
async def out_of_order() -> None:
    raise OutOfOrder("It will be mended.")


@router.get("/background")
async def answer_and_go_on(tasks: BackgroundTasks, *, fail: bool = False) -> None:
    def go_on() -> None:
        logger.info("going on")
        if fail:
            raise RuntimeError("in the background")

    tasks.add_task(go_on)


@router.get("/locked", responses=problem_responses(LOCKED))
async def locked(seconds: int) -> None:
    raise Locked(seconds)


@router.post("/refuse", responses=problem_responses(*BODY_PROBLEMS))
async def refuse(detail: Annotated[dict[str, object] | list[object] | int | str, Body()]) -> None:
    raise HTTPException(409, detail)


@router.get("/refuse/with-objects")
async def refuse_with_objects() -> None:
    item = Item(name="lamp", day=date(2026, 1, 1))
    raise HTTPException(409, {"item": item, "price": Decimal("1.5"), "names": {"a"}, 7: "seven"})


@router.get("/cancelled")
async def cancelled() -> None:
    other = asyncio.create_task(asyncio.sleep(60))
    other.cancel()
    await other


@router.get("/forbidden")
async def forbidden() -> None:
    raise HTTPException(403, "Not for you.", headers={"X-Reason": "because"})


@router.get("/refuses-itself")
async def refuse_itself() -> None:
    raise HTTPException(405, headers={"Allow": "BREW"})


@router.get("/status/{status}")
async def refuse_with(status: int) -> None:
    raise HTTPException(status)


@router.get("/upstream", responses=problem_responses(*UPSTREAM_PROBLEMS))
async def upstream() -> None:
    raise UpstreamUnavailable("The other service is unavailable.") from OSError("token=planted-token")


@router.get("/linked/{request_id}")
async def linked(request_id: str) -> None:
    if context := current_request():
        context.linked_request_ids.append(request_id)


@router.get("/crowded")
async def crowded() -> None:
    raise DatabaseUnavailable("All database connections are busy.")


@router.get("/stream")
async def stream() -> StreamingResponse:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"chunk"

    return StreamingResponse(chunks(), media_type="text/plain")


@router.get("/late")
async def late() -> StreamingResponse:
    async def chunks() -> AsyncIterator[str]:
        await asyncio.sleep(60)
        yield "late"

    return StreamingResponse(chunks(), media_type="text/plain")


@router.get("/broken-off")
async def broken_off() -> StreamingResponse:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"chunk"
        raise RuntimeError("in the middle")

    return StreamingResponse(chunks(), media_type="text/plain")


@router.get("/endless")
async def endless() -> StreamingResponse:
    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield b"chunk"
            await asyncio.sleep(0.01)

    return StreamingResponse(chunks(), media_type="text/plain")


@router.post("/upload")
async def upload(request: Request) -> int:
    return sum([len(chunk) async for chunk in request.stream()])


@router.get("/clings")
async def cling() -> None:
    """Take a while to handle cancellation, as closing a connection properly does."""
    try:
        await asyncio.sleep(3_600)
    finally:
        await asyncio.sleep(0.3)


@router.post("/mirror")
async def mirror(request: Request) -> StreamingResponse:
    return StreamingResponse(request.stream(), media_type="application/octet-stream")


@router.post("/echo")
async def echo(request: Request) -> Response:
    return Response(await request.body(), 400, media_type=request.headers.get("content-type"))


@router.get("/slow")
async def slow(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "done"


@router.get("/large")
async def large(size: int) -> Response:
    return Response(b"x" * size, media_type="text/plain")
