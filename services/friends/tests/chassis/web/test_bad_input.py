"""Every kind of bad input gets a documented 4xx problem, never a 5xx."""

import json
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest

JSON = "application/json"
GOOD = '{"name": "lamp", "day": "2026-01-01"}'


@pytest.fixture(scope="module")
async def document(sample_url: str) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session, session.get(sample_url + "/api/openapi.json") as response:
        described: dict[str, Any] = await response.json()
    return described


def item(**fields: object) -> str:
    return json.dumps({"name": "lamp", "day": "2026-01-01"} | fields)


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (item(name="a\0b"), JSON, 422),
        (item(name="\U0001f600"), JSON, 201),  # a surrogate pair in JSON
        (item(name="\\u0000"), JSON, 201),  # a backslash, not a NUL
        ('{"name": "\\ud800", "day": "2026-01-01"}', JSON, 422),
        ('{"name": "lamp", "day": "2026-01-01", "\\ud800": 1}', JSON, 422),
        (b'{"name": "\xed\xa0\x80", "day": "2026-01-01"}', JSON, 422),
        (b'{"name": "\xff", "day": "2026-01-01"}', JSON, 422),
        (b"\0", JSON, 422),
        ("[" * 10_000, JSON, 422),
        ("[" * 10_000 + "]" * 10_000, JSON, 422),
        ('{"a":' * 10_000 + "1" + "}" * 10_000, JSON, 422),
        ('{"name": "lamp", "day": "2026-01-01", "price": NaN}', JSON, 422),
        ('{"name": "lamp", "day": "2026-01-01", "price": -Infinity}', JSON, 422),
        ('{"name": "lamp", "day": "2026-01-01", "price": 1e400}', JSON, 422),
        ('{"name": "lamp", "name": "lamp", "day": "2026-01-01"}', JSON, 422),
        (GOOD[:-1] + ', "count": ' + "9" * 400 + "}", JSON, 422),
        (GOOD[:-1] + ', "count": ' + "9" * 5000 + "}", JSON, 422),
        (item(day="0000-01-01"), JSON, 422),
        (item(day="10000-01-01"), JSON, 422),
        (item(day="2026-02-30"), JSON, 422),
        (item(day="0001-01-01"), JSON, 201),
        (item(day="9999-12-31"), JSON, 201),
        (item(count=None), JSON, 422),
        (item(unknown=1), JSON, 422),
        ("", JSON, 422),
        (" ", JSON, 422),
        ("[]", JSON, 422),
        ("null", JSON, 422),
        ('"text"', JSON, 422),
        ("{", JSON, 422),
        ("{'name': 1}", JSON, 422),
        ("\ufeff" + GOOD, JSON, 422),
        (GOOD.encode("utf-16"), JSON, 422),
        (GOOD, "application/problem+json", 201),
        (GOOD, "APPLICATION/JSON; charset=utf-8", 201),
        (item(unknown=1), "application/problem+json", 422),
        (item(unknown=1), "application/json; charset=utf-8", 422),
        (GOOD, "text/plain", 415),
        (GOOD, "application/xml", 415),
        (GOOD, "application/x-www-form-urlencoded", 415),
        (GOOD, "multipart/form-data; boundary=x", 415),
        (GOOD, "json", 415),
        (GOOD, "text/json", 415),
        (GOOD, ";;;", 415),
        (GOOD, "", 415),
        (GOOD, None, 415),
        ("", None, 422),
    ],
)
async def test_responds_to_each_body_with_a_documented_status(
    sample: aiohttp.ClientSession, document: dict[str, Any], body: str | bytes, media_type: str | None, status: int
) -> None:
    headers = {} if media_type is None else {"Content-Type": media_type}
    content = body if isinstance(body, bytes) else body.encode()
    async with sample.post(
        "/sample/items", data=content, headers=headers, skip_auto_headers=["Content-Type"]
    ) as response:
        assert response.status == status, await response.text()
        if status >= 400:
            assert response.content_type == "application/problem+json"
    assert str(status) in document["paths"]["/sample/items"]["post"]["responses"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=1e3", "limit=-1", "limit=0", "limit=101", f"limit={2**63}", f"limit={'9' * 400}", f"limit={'9' * 5000}",
        "limit=", "limit=1.5", "limit=NaN", "limit=%00", "limit=%ff", "limit=0x10", "cursor=", "cursor=x", "cursor=%00",
        "cursor=%ff", "cursor=" + "A" * 28, "cursor=" + "A" * 64, "cursor=" + "A" * 65, "cursor=" + "=" * 28,
    ],
)  # fmt: skip
async def test_refuses_invalid_query_parameters(
    sample: aiohttp.ClientSession, document: dict[str, Any], query: str
) -> None:
    async with sample.get(f"/sample/items?{query}") as response:
        assert response.status == 422
        [error] = (await response.json(content_type="application/problem+json"))["errors"]
        assert error["pointer"] == f"#/query/{query.partition('=')[0]}"
    assert "422" in document["paths"]["/sample/items"]["get"]["responses"]


@pytest.mark.parametrize("item_id", ["x", "%EF%BF%BD", "0", "1" * 400, "%F0%9F%98%80", "{}", "-", f"{UUID(int=7)}x"])
async def test_refuses_invalid_ids(sample: aiohttp.ClientSession, item_id: str) -> None:
    async with sample.get(f"/sample/items/{item_id}") as response:
        assert response.status == 422
        [error] = (await response.json(content_type="application/problem+json"))["errors"]
        assert error == {"pointer": "#/path/item_id", "detail": "Input should be a valid UUID"}


async def test_accepts_ids_in_other_notations(sample: aiohttp.ClientSession) -> None:
    item_id = str(uuid4())
    for spelling in (item_id.upper(), item_id.replace("-", ""), "{" + item_id + "}", f"urn:uuid:{item_id}"):
        async with sample.get(f"/sample/items/{spelling}") as response:
            assert await response.json() == {"id": item_id}


async def test_explains_malformed_json(sample: aiohttp.ClientSession) -> None:
    for body, reason in [
        ('{"a": 1, "a": 2}', "Duplicate name in an object"),
        ("[NaN]", "NaN and Infinity are not JSON"),
        ("[1e999]", "A number is too large"),
        (b'"\xff"', "Unreadable"),
        (b'\xef\xbb\xbf{"name": "lamp"}', "It begins with a byte order mark"),
        ("9" * 5000, "Unreadable"),
        ('{"name": "x', "Unterminated string starting at line 1, column 10"),
        ('{\n"a" 1}', "Expecting ':' delimiter at line 2, column 5"),
    ]:
        async with sample.post("/sample/items", data=body, headers={"Content-Type": JSON}) as response:
            problem = await response.json(content_type="application/problem+json")
        assert problem["errors"] == [{"pointer": "#", "detail": f"Not valid JSON: {reason}"}]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", {"pointer": "#", "detail": "Body required"}),
        ("[]", {"pointer": "#", "detail": "Input should be an object"}),
        (item(day="2026-13-31"), {"pointer": "#/day", "detail": "Input should be a date, such as 2026-12-31"}),
        (item(name="thing"), {"pointer": "#/name", "detail": "A thing has a better name."}),
        (item(labels=[]), {"pointer": "#/labels", "detail": "Input should be an object"}),
        (
            item(shape={"kind": "planted"}),
            {"pointer": "#/shape", "detail": "Input does not match any of the expected kinds"},
        ),
    ],
)
async def test_explains_what_is_invalid_in_a_body(
    sample: aiohttp.ClientSession, body: str, error: dict[str, str]
) -> None:
    async with sample.post("/sample/items", data=body, headers={"Content-Type": JSON}) as response:
        assert (await response.json(content_type="application/problem+json"))["errors"] == [error]


def test_operations_have_the_tag_of_their_resource(document: dict[str, Any]) -> None:
    assert document["paths"]["/sample/items"]["get"]["tags"] == ["sample"]
