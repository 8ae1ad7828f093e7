"""JSON pointers lead into the document that was sent, also through unions, and contain no class names."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated, Any, Literal

import aiohttp
import pytest
from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass

from chassis.application import build_application
from chassis.database import Database
from chassis.web import api_router

from ..conftest import Boot
from ..sample_service.settings import Settings


class Round(BaseModel):
    kind: Literal["round"]
    radius: int


class Square(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["square"]
    side: int
    inner: list["Round | int"] = []


@dataclass
class Point:
    x: int


class Drawing(BaseModel):
    either: Round | Square | None = None
    tagged: Annotated[Round | Square, Field(discriminator="kind")] | None = None
    mixed: Annotated[Round | Square, Field(discriminator="kind")] | int | None = None
    by_number: dict[int, int | date] = {}
    by_name: dict[str, Round | Square] = {}
    many: list[int | bool] = []
    point: Point | None = None


@pytest.fixture(scope="module")
async def client(sample_settings: Settings, boot: Boot) -> AsyncIterator[aiohttp.ClientSession]:
    router = api_router(prefix="/drawings", tag="drawings")

    @router.post("")
    async def add_drawing(drawing: Drawing) -> None:
        pass

    @router.post("/pairs")
    async def add_pair(one: Drawing, other: Round | Square) -> None:
        pass

    @router.get("")
    async def list_drawings(day: int | date = 0, days: Annotated[list[int | date], Query()] = []) -> None:  # noqa: B006
        pass

    app = build_application(sample_settings, database=Database(sample_settings), routers=[router], problems=[])
    async with boot(app) as url, aiohttp.ClientSession(url) as session:
        yield session


async def pointers(response: aiohttp.ClientResponse) -> set[str]:
    assert response.status == 422
    text = await response.text()
    assert not [
        name for name in ("Round", "Square", "Point", "tagged-union") if f"{name}/" in text or f" {name}" in text
    ]
    problem = await response.json(content_type="application/problem+json")
    return {error["pointer"] for error in problem["errors"]}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"either": {"kind": "round", "radius": "x"}}, {"#/either/radius", "#/either/kind", "#/either/side"}),
        ({"either": 1}, {"#/either"}),
        ({"tagged": {"kind": "round"}}, {"#/tagged/radius"}),
        ({"tagged": {"kind": "round", "radius": "x", "round": {"radius": 1}}}, {"#/tagged/radius"}),
        ({"tagged": {"kind": "square", "side": 1, "square": 1}}, {"#/tagged/square"}),
        ({"tagged": {"kind": "odd"}}, {"#/tagged"}),
        ({"mixed": {"kind": "round", "radius": "x"}}, {"#/mixed/radius", "#/mixed"}),
        ({"by_number": {"x": 1}}, {"#/by_number/x"}),
        ({"by_number": {"7": "x"}}, {"#/by_number/7"}),
        (
            {"by_name": {"a/b": {"kind": "round"}}},
            {"#/by_name/a~1b/kind", "#/by_name/a~1b/radius", "#/by_name/a~1b/side"},
        ),
        ({"many": [1, "x"]}, {"#/many/1"}),
        ({"point": 1}, {"#/point"}),
        (
            {"tagged": {"kind": "square", "side": 1, "inner": [1, {"kind": "round"}]}},
            {"#/tagged/inner/1/radius", "#/tagged/inner/1"},
        ),
    ],
)
async def test_points_through_unions(client: aiohttp.ClientSession, body: dict[str, Any], expected: set[str]) -> None:
    async with client.post("/drawings", json=body) as response:
        assert await pointers(response) == expected


async def test_points_into_each_part_of_a_body(client: aiohttp.ClientSession) -> None:
    body = {"one": {"many": ["x"]}, "other": {"kind": "round", "radius": "x"}}
    async with client.post("/drawings/pairs", json=body) as response:
        assert await pointers(response) == {"#/one/many/0", "#/other/radius", "#/other/kind", "#/other/side"}


async def test_names_a_parameter_and_the_index_in_its_list(client: aiohttp.ClientSession) -> None:
    async with client.get("/drawings?day=x&days=1&days=y") as response:
        assert await pointers(response) == {"#/query/day", "#/query/days/1"}
