"""Values that PostgreSQL cannot store are refused with a pointer before any code of a service sees them."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

import aiohttp
import pytest
from fastapi import Cookie, Header
from pydantic import BaseModel, TypeAdapter, ValidationError
from sqlalchemy import bindparam, text
from sqlalchemy.types import BigInteger, Integer, SmallInteger, String

from chassis.application import build_application
from chassis.database import Database
from chassis.web import Int16, Int32, Int64, Text, UtcTime, api_router

from ..conftest import Boot
from ..sample_service.settings import Settings

TEXT = "Text cannot contain the NUL character or half of a surrogate pair"
NUMBER = "A number cannot have more than 64 bits"
TYPES: dict[str, Any] = {"text": String(), "smallint": SmallInteger(), "integer": Integer(), "bigint": BigInteger()}


class Numbers(BaseModel):
    small: Int16 = 0
    middle: Int32 = 0
    large: Int64 = 0


@pytest.fixture(scope="module")
async def client(settings: Settings, boot: Boot) -> AsyncIterator[aiohttp.ClientSession]:
    """Yield a client of a service that sends every value to PostgreSQL."""
    database = Database(settings)
    router = api_router(prefix="/stored", tag="stored")

    async def stored(value: object, kind: str = "text") -> object:
        statement = text(f"SELECT CAST(:value AS {kind}) AS value").bindparams(bindparam("value", type_=TYPES[kind]))
        [row] = await database.execute(statement, {"value": value})
        return row.value

    @router.get("/texts/{name}")
    async def get_by_text(name: str, tag: str = "") -> list[object]:
        return [await stored(name), await stored(tag)]

    @router.get("/numbers/{number}")
    async def get_by_number(number: Int32, large: int = 0) -> list[object]:
        return [await stored(number, "integer"), await stored(large, "bigint")]

    @router.post("/numbers")
    async def keep_numbers(numbers: Numbers) -> list[object]:
        kinds = {"smallint": numbers.small, "integer": numbers.middle, "bigint": numbers.large}
        return [await stored(number, kind) for kind, number in kinds.items()]

    @router.post("/documents")
    async def keep_document(document: dict[str, Any]) -> object:
        return await stored(str(document))

    @router.get("/headers")
    async def get_by_header(
        name: Annotated[Text, Header()] = "", flavour: Annotated[str, Cookie()] = ""
    ) -> list[object]:
        return [await stored(name), await stored(flavour)]

    app = build_application(settings, database=database, routers=[router], problems=[])
    async with boot(app) as url, aiohttp.ClientSession(url) as session:
        yield session


async def errors_of(response: aiohttp.ClientResponse) -> list[tuple[str, str]]:
    assert response.status == 422, await response.text()
    problem = await response.json(content_type="application/problem+json")
    return [(error["pointer"], error["detail"]) for error in problem["errors"]]


@pytest.mark.parametrize("name", ["a", "%25", "%C3%A9", "%F0%9F%98%80", "%EF%BF%BD", "%5Cu0000", "0", "%E2%80%AE"])
async def test_accepts_text_that_postgresql_can_store(client: aiohttp.ClientSession, name: str) -> None:
    async with client.get(f"/stored/texts/{name}?tag={name}") as response:
        assert response.status == 200, await response.text()
        first, second = await response.json()
    assert quote(first) == quote(second) == name


@pytest.mark.parametrize(
    ("path", "errors"),
    [
        ("/stored/texts/%00", [("#/path/name", TEXT)]),
        ("/stored/texts/a%00b", [("#/path/name", TEXT)]),
        ("/stored/texts/%ff", [("#/path/name", "Text must be UTF-8")]),
        ("/stored/texts/%ed%a0%80", [("#/path/name", "Text must be UTF-8")]),
        ("/stored/texts/a?tag=%00", [("#/query/tag", TEXT)]),
        ("/stored/texts/a?tag=%ff", [("#/query/tag", TEXT)]),
        ("/stored/texts/a?unknown=%00", [("#/query/unknown", TEXT)]),
        ("/stored/texts/%00?tag=%00", [("#/path/name", TEXT), ("#/query/tag", TEXT)]),
        (f"/stored/numbers/{2**31}", [("#/path/number", "Input should be less than or equal to 2147483647")]),
        (f"/stored/numbers/{2**63}", [("#/path/number", NUMBER)]),
        (f"/stored/numbers/{-(2**63) - 1}", [("#/path/number", NUMBER)]),
        (f"/stored/numbers/{'9' * 5000}", [("#/path/number", NUMBER)]),
        (f"/stored/numbers/1?large={2**63}", [("#/query/large", NUMBER)]),
    ],
)
async def test_refuses_parameters_that_postgresql_cannot_store(
    client: aiohttp.ClientSession, path: str, errors: list[tuple[str, str]]
) -> None:
    async with client.get(path) as response:
        assert await errors_of(response) == errors


@pytest.mark.parametrize("number", [2**31 - 1, -(2**31), 0])
async def test_accepts_numbers_that_postgresql_can_store(client: aiohttp.ClientSession, number: int) -> None:
    async with client.get(f"/stored/numbers/{number}?large={2**63 - 1}") as response:
        assert await response.json() == [number, 2**63 - 1]
    body = {"small": -(2**15), "middle": number, "large": -(2**63)}
    async with client.post("/stored/numbers", json=body) as response:
        assert await response.json() == list(body.values())


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        (r'{"a": "\u0000"}', [("#/a", TEXT)]),
        (r'{"a": "\ud800"}', [("#/a", TEXT)]),
        (r'{"a": "\ude00\ud83d"}', [("#/a", TEXT)]),
        (r'{"a": {"b/c": ["x", {"d": "y\u0000"}]}}', [("#/a/b~1c/1/d", TEXT)]),
        (r'{"a": 9223372036854775808}', [("#/a", NUMBER)]),
        (r'{"a": [0, -9223372036854775809]}', [("#/a/1", NUMBER)]),
        (r'"\u0000"', [("#", TEXT)]),
        (r"9223372036854775808", [("#", NUMBER)]),
    ],
)
async def test_refuses_parts_of_a_body_that_postgresql_cannot_store(
    client: aiohttp.ClientSession, body: str, errors: list[tuple[str, str]]
) -> None:
    async with client.post("/stored/documents", data=body, headers={"Content-Type": "application/json"}) as response:
        assert await errors_of(response) == errors


async def test_refuses_a_member_name_that_postgresql_cannot_store(client: aiohttp.ClientSession) -> None:
    async with client.post("/stored/documents", json={"a\0b": 1, "\ud800": 2}) as response:
        assert await errors_of(response) == [("#/a\0b", TEXT), ("#/?", TEXT)]


async def test_accepts_parts_of_a_body_that_postgresql_can_store(client: aiohttp.ClientSession) -> None:
    document = {"a": ["\U0001f600", "\\u0000", 2**63 - 1, -(2**63), "9" * 30, 1e300, None, True]}
    async with client.post("/stored/documents", json=document) as response:
        assert (response.status, await response.json()) == (200, str(document))


@pytest.mark.parametrize(
    ("field", "number"), [("small", 2**15), ("middle", -(2**31) - 1), ("middle", 2**31), ("small", -(2**15) - 1)]
)
async def test_refuses_a_number_out_of_range_of_its_column(
    client: aiohttp.ClientSession, field: str, number: int
) -> None:
    async with client.post("/stored/numbers", json={field: number}) as response:
        [(pointer, _)] = await errors_of(response)
    assert pointer == f"#/{field}"


async def test_limits_the_number_of_errors(client: aiohttp.ClientSession) -> None:
    async with client.post("/stored/documents", json={"a": ["\0"] * 1000}) as response:
        assert len(await errors_of(response)) == 20


async def test_checks_headers_and_cookies(client: aiohttp.ClientSession) -> None:
    async with client.get("/stored/headers", headers={"Name": "caf\xe9", "Cookie": r'flavour="\351"'}) as response:
        assert response.status == 200, await response.text()
    async with client.get("/stored/headers", headers={"Cookie": r'flavour="\000"'}) as response:
        assert await errors_of(response) == [("#/cookie/flavour", TEXT)]


async def test_documents_the_range_of_column_types(client: aiohttp.ClientSession) -> None:
    async with client.get("/api/openapi.json") as response:
        document = await response.json()
    [number, _] = document["paths"]["/stored/numbers/{number}"]["get"]["parameters"]
    assert number["schema"].items() >= {"format": "int32", "minimum": -(2**31), "maximum": 2**31 - 1}.items()
    properties = document["components"]["schemas"]["Numbers"]["properties"]
    assert [properties[name]["format"] for name in properties] == ["int16", "int32", "int64"]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2026-11-23T12:30:00Z", "2026-11-23T12:30:00Z"),
        ("2026-11-23T12:30:00.123456+02:00", "2026-11-23T10:30:00.123456Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ],
)
def test_returns_a_time_as_postgresql_stores_it(sent: str, stored: str) -> None:
    times = TypeAdapter[Any](UtcTime)
    assert times.dump_python(times.validate_python(sent), mode="json") == stored


@pytest.mark.parametrize("sent", ["2026-11-23T12:30:00", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"])
def test_refuses_a_time_without_offset_or_out_of_range(sent: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(UtcTime).validate_python(sent)
