"""Entity tags and merge patches: conditional reads and changes, and absent members."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import aiohttp
import pytest
from fastapi import Request, Response
from pydantic import with_config
from typing_extensions import TypedDict

from chassis.application import build_application
from chassis.database import Database
from chassis.web import ENTITY_TAG, MERGE_PATCH, ExpectedVersions, api_router, send_version

from ..conftest import Boot
from ..sample_service.settings import Settings

router = api_router(prefix="/thing", tag="thing")


@with_config(extra="forbid")
class Changes(TypedDict, total=False):
    name: str
    note: str | None


@router.get("", responses=ENTITY_TAG)
async def read(request: Request, response: Response) -> str:
    send_version(request, response, 7)
    return "thing"


@router.patch("")
async def change(
    changes: Annotated[Changes, MERGE_PATCH], request: Request, response: Response, expected: ExpectedVersions
) -> dict[str, Any]:
    send_version(request, response, 8)
    return {"changes": changes, "expected": None if expected is None else sorted(expected)}


@pytest.fixture(scope="module")
async def url(boot: Boot) -> AsyncIterator[str]:
    async with boot(build_application(Settings(), database=Database(Settings()), routers=[router], problems=[])) as url:
        yield url


@pytest.fixture
async def client(url: str) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(url) as client:
        yield client


@pytest.mark.parametrize("known", ['"7"', 'W/"7"', '"6", "7"', "*", ' W/"a,b" , "7" ,'])
async def test_returns_304_if_the_etag_matches(client: aiohttp.ClientSession, known: str) -> None:
    for method in ("GET", "HEAD"):
        async with client.request(method, "/thing", headers={"If-None-Match": known}) as response:
            assert (response.status, response.headers["ETag"], await response.read()) == (304, '"7"', b"")


@pytest.mark.parametrize("known", [None, '"8"', '"77"', '"six"', '"é7"', f'"{"7" * 40}"'])
async def test_returns_the_body_if_the_etag_differs(client: aiohttp.ClientSession, known: str | None) -> None:
    async with client.get("/thing", headers={"If-None-Match": known} if known else {}) as response:
        assert (response.status, response.headers["ETag"], await response.json()) == (200, '"7"', "thing")


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ([], None),
        (["*"], None),
        (['"7"'], [7]),
        (['"7", "9"'], [7, 9]),
        (['"7"', '"9"'], [7, 9]),
        (['W/"7"'], []),  # a weak one matches nothing: RFC 9110 section 13.1.1 requires the strong comparison
        (['"foreign"'], []),
        (['"7", "1,000"'], [7]),
    ],
)
async def test_parses_the_expected_versions_of_if_match(
    client: aiohttp.ClientSession, match: list[str], expected: list[int] | None
) -> None:
    headers = [("If-Match", each) for each in match]
    async with client.patch("/thing", json={}, headers=headers) as response:
        assert (response.status, response.headers["ETag"]) == (200, '"8"')
        assert (await response.json())["expected"] == expected


@pytest.mark.parametrize("match", ["", "7", '"7', '"7"; x', "* ,", ",", '"7", 8'])
async def test_refuses_an_invalid_entity_tag(client: aiohttp.ClientSession, match: str) -> None:
    async with client.patch("/thing", json={}, headers={"If-Match": match}) as response:
        assert response.status == 422
        assert [error["pointer"] for error in (await response.json())["errors"]] == ["#/header/If-Match"]


@pytest.mark.parametrize("media_type", ["application/merge-patch+json", "application/json"])
@pytest.mark.parametrize("changes", [{}, {"note": None}, {"note": "x"}, {"name": "y", "note": None}])
async def test_distinguishes_absent_null_and_a_value(
    client: aiohttp.ClientSession, media_type: str, changes: dict[str, str | None]
) -> None:
    async with client.patch("/thing", json=changes, headers={"Content-Type": media_type}) as response:
        assert (await response.json())["changes"] == changes


@pytest.mark.parametrize(
    ("changes", "pointer"), [({"name": None}, "#/name"), ({"colour": "red"}, "#/colour"), ([], "#"), (None, "#")]
)
async def test_refuses_an_invalid_change(client: aiohttp.ClientSession, changes: object, pointer: str) -> None:
    async with client.patch("/thing", data=aiohttp.JsonPayload(changes)) as response:
        assert response.status == 422
        assert [error["pointer"] for error in (await response.json())["errors"]] == [pointer]


async def test_documents_entity_tags_and_merge_patch(client: aiohttp.ClientSession) -> None:
    async with client.get("/api/openapi.json") as response:
        thing = (await response.json())["paths"]["/thing"]
    assert "ETag" in thing["get"]["responses"]["200"]["headers"]
    assert [*thing["patch"]["requestBody"]["content"]] == ["application/merge-patch+json"]
    assert [parameter["name"] for parameter in thing["patch"]["parameters"]] == ["If-Match"]
