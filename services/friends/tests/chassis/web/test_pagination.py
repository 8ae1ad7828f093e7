"""Cursors belong to one list of one service, and the next page is linked."""

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import aiohttp
import pytest
from fastapi.exceptions import RequestValidationError

from chassis.web import Cursors

from ..sample_service import IDENTITY

CURSORS = Cursors(IDENTITY, "items")


def test_reads_its_own_cursors() -> None:
    for item_id in (uuid4(), UUID(int=0), UUID(int=2**128 - 1)):
        assert CURSORS.decode(CURSORS.encode(item_id)) == item_id


def test_cursors_need_no_quoting_in_a_url() -> None:
    for list_name in ("items", "a-name-of-more-than-64-bytes" * 3):
        cursors = Cursors(IDENTITY, list_name)
        cursor = cursors.encode(item_id := uuid4())
        assert re.fullmatch(r"[\w-]{28}", cursor)
        assert cursors.decode(cursor) == item_id


def test_first_page_has_no_cursor() -> None:
    assert CURSORS.decode(None) is None


def test_refuses_a_forged_cursor() -> None:
    cursor = CURSORS.encode(uuid4())
    forged = ("B" if cursor[0] == "A" else "A") + cursor[1:]
    for text in ("", cursor[:-1], cursor[:-4], cursor + "A", cursor + "\n", cursor[::-1], forged, "é" * 28, "\0" * 28):
        with pytest.raises(RequestValidationError):
            CURSORS.decode(text)


def test_refuses_a_cursor_of_another_list() -> None:
    with pytest.raises(RequestValidationError):
        CURSORS.decode(Cursors(IDENTITY, "others").encode(uuid4()))


def test_refuses_a_cursor_of_another_service() -> None:
    another = replace(IDENTITY, name="another")
    with pytest.raises(RequestValidationError):
        CURSORS.decode(Cursors(another, "items").encode(uuid4()))


async def test_links_the_next_page_and_keeps_filters(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/sample/items?colour=red%26blue&limit=7") as response:
        link = response.headers["Link"]
    target, _, relation = link.partition(">; ")
    url = urlsplit(target.removeprefix("<"))
    assert relation == 'rel="next"'
    assert url.path == "/sample/items"
    assert parse_qs(url.query) == {"colour": ["red&blue"], "limit": ["7"], "cursor": [CURSORS.encode(UUID(int=1))]}
    async with sample.get(target.removeprefix("<")) as response:
        assert response.status == 200
        assert response.headers["Link"] == link, "all pages of the sample are equal"


async def test_link_omits_unknown_query_parameters(sample: aiohttp.ClientSession) -> None:
    unknown = "x" * 8000
    async with sample.get(f"/sample/items?unknown={unknown}&{unknown}=1&colour=red") as response:
        assert response.headers["Link"].count("=") == 4  # colour, limit, cursor, rel
        assert "unknown" not in response.headers["Link"]
        assert len(response.headers["Link"]) < 200


async def test_explains_an_invalid_cursor(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/sample/items?cursor=x") as response:
        problem = await response.json(content_type="application/problem+json")
    assert problem["errors"] == [{"pointer": "#/query/cursor", "detail": "Input should be a cursor of this list"}]


async def test_default_limit_is_20(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/sample/items") as response:
        assert "?limit=20&" in response.headers["Link"]


async def test_limit_is_from_1_to_100(sample: aiohttp.ClientSession) -> None:
    for limit, status in ((0, 422), (1, 200), (100, 200), (101, 422)):
        async with sample.get("/sample/items", params={"limit": limit}) as response:
            assert response.status == status


async def test_documents_pagination(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/api/openapi.json") as response:
        operation = (await response.json())["paths"]["/sample/items"]["get"]
    parameters = {parameter["name"]: parameter for parameter in operation["parameters"]}
    assert parameters["limit"]["description"] == "Maximum number of items on a page."
    meaning = "`next_cursor` of the previous page; leave it out for the first page."
    assert parameters["cursor"]["description"] == meaning
    assert parameters["cursor"]["schema"]["anyOf"][0] == {"type": "string", "maxLength": 64}


async def test_escapes_the_path_in_the_link_header(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/sample/labels/a%0d%0aSet-Cookie:%20a=b%3E%22é") as response:
        assert response.status == 200
        assert response.headers["Link"].startswith("</sample/labels/a%0D%0ASet-Cookie%3A%20a%3Db%3E%22%C3%A9?")
        assert "Set-Cookie" not in response.headers
