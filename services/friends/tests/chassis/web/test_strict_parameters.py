"""Numbers and booleans in path and query must be spelled as in JSON (RFC 8259 section 6)."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Annotated, Any

import aiohttp
import pytest
from fastapi import Depends, Query
from pydantic import BaseModel, BeforeValidator

from chassis.application import build_application
from chassis.database import Database
from chassis.web import api_router

from ..conftest import Boot
from ..sample_service.settings import Settings

INTEGER = "Input should be a valid integer"
NUMBER = "Input should be a valid number"
BOOLEAN = "Input should be true or false"


class Filter(BaseModel):
    least: int = 0


def page(offset: int = 0) -> int:
    return offset


@pytest.fixture(scope="module")
async def client(sample_settings: Settings, boot: Boot) -> AsyncIterator[aiohttp.ClientSession]:
    router = api_router(prefix="/spelled", tag="spelled")

    @router.get("/numbers")
    async def numbers(  # noqa: PLR0917 - called by name
        offset: Annotated[int, Depends(page)],
        whole: int = 0,
        maybe: int | None = None,
        ratio: float = 0,
        price: Decimal = Decimal(0),
        active: bool = True,  # noqa: FBT001, FBT002
        each: Annotated[list[int], Query()] = [],  # noqa: B006
        either: int | str = 0,
        own: Annotated[int, BeforeValidator(lambda text: str(text).replace("_", ""))] = 0,
        name: str = "",
    ) -> list[Any]:
        return [whole, maybe, ratio, price, active, each, either, own, name, offset]

    @router.get("/filtered")
    async def filtered(chosen: Annotated[Filter, Query()]) -> int:
        return chosen.least

    @router.get("/path/{number}")
    async def in_path(number: int) -> int:
        return number

    @router.get("/converted/{number:int}")
    async def converted(number: int) -> int:
        return number

    @router.get("/converted/float/{number:float}")
    async def converted_float(number: float) -> float:
        return number

    app = build_application(sample_settings, database=Database(sample_settings), routers=[router], problems=[])
    async with boot(app) as url, aiohttp.ClientSession(url) as session:
        yield session


@pytest.mark.parametrize(
    "text", ["1_0", " 5", "5 ", "٣", "5.0", "+5", "007", "1e3", "", "0x1", "\uff15", "--1", "-", "1\n"]
)
@pytest.mark.parametrize("name", ["whole", "maybe", "each", "offset"])
async def test_refuses_integers_that_are_not_json(client: aiohttp.ClientSession, name: str, text: str) -> None:
    async with client.get("/spelled/numbers", params={name: text}) as response:
        assert response.status == 422
        problem = await response.json(content_type="application/problem+json")
    assert problem["errors"] == [{"pointer": f"#/query/{name}", "detail": INTEGER}]


@pytest.mark.parametrize(
    ("name", "text", "detail"),
    [
        *[("ratio", text, NUMBER) for text in ("1_0.5", " 5", "٣", "+5", ".5", "5.", "NaN", "inf", "Infinity", "")],
        ("ratio", "1e400", "A number is too large"),
        *[("price", text, "Input should be a valid decimal") for text in ("1_0", " 5", "٣", "+5", "NaN", "sNaN", "")],
        *[("active", text, BOOLEAN) for text in ("1", "0", "on", "yes", "t", "True", "TRUE", " true", "")],
    ],
)
async def test_refuses_numbers_and_booleans_that_are_not_json(
    client: aiohttp.ClientSession, name: str, text: str, detail: str
) -> None:
    async with client.get("/spelled/numbers", params={name: text}) as response:
        assert response.status == 422
        problem = await response.json(content_type="application/problem+json")
    assert problem["errors"] == [{"pointer": f"#/query/{name}", "detail": detail}]


async def test_names_all_misspelled_parameters(client: aiohttp.ClientSession) -> None:
    async with client.get("/spelled/numbers?whole=1_0&active=1&each=1&each=x&each=y&unknown=1_0&name=1_0") as response:
        problem = await response.json(content_type="application/problem+json")
    pointers = [error["pointer"] for error in problem["errors"]]
    assert sorted(pointers) == ["#/query/active", "#/query/each", "#/query/whole"]


@pytest.mark.parametrize(
    ("query", "index", "value"),
    [
        ("whole=-5", 0, -5),
        ("whole=0", 0, 0),
        ("maybe=17", 1, 17),
        ("ratio=-1.5e-3", 2, -0.0015),
        ("ratio=2", 2, 2),
        ("price=10.50", 3, "10.50"),
        ("active=true", 4, True),
        ("active=false", 4, False),
        ("each=1&each=2", 5, [1, 2]),
        ("either=1_0", 6, "1_0"),
        ("own=1_0", 7, 10),
        ("name=1_0", 8, "1_0"),
        ("offset=3", 9, 3),
    ],
)
async def test_accepts_json_spellings_and_other_types(
    client: aiohttp.ClientSession, query: str, index: int, value: object
) -> None:
    async with client.get(f"/spelled/numbers?{query}") as response:
        assert response.status == 200, await response.text()
        assert (await response.json())[index] == value


@pytest.mark.parametrize("path", ["/spelled/path/1_0", "/spelled/path/+5", "/spelled/filtered?least=1_0"])
async def test_applies_to_path_parameters_and_query_models(client: aiohttp.ClientSession, path: str) -> None:
    async with client.get(path) as response:
        assert response.status == 422
        [error] = (await response.json(content_type="application/problem+json"))["errors"]
        assert error["detail"] == INTEGER


@pytest.mark.parametrize(
    ("number", "status"),
    [
        *[("17", 200), (str(2**63), 422), ("9" * 5000, 404), ("-1", 404)],
        *[("float/1.5", 200), ("float/" + "9" * 5000, 422)],
    ],
)
async def test_limits_numbers_of_path_converters(client: aiohttp.ClientSession, number: str, status: int) -> None:
    async with client.get(f"/spelled/converted/{number}") as response:
        assert response.status == status
