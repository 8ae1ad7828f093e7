"""Every error response is an RFC 9457 problem, whoever raised the error."""

from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from fastapi.exceptions import RequestValidationError
from pydantic import ByteSize, Field, ImportString, TypeAdapter, ValidationError

from chassis.problems import (
    DATABASE_UNAVAILABLE,
    INVALID_REQUEST,
    SHUTTING_DOWN,
    Problem,
    catalogue,
    problem_responses,
)
from chassis.problems.validation import invalid_fields

from ...openapi_rules import answers_of
from ..log_reader import read_log
from ..raw_http import connection_to

ITEM = {"name": "lamp", "day": "2026-01-01"}
MEMBERS = {"type", "title", "status", "detail", "instance", "request_id"}


async def problem_of(response: aiohttp.ClientResponse) -> dict[str, Any]:
    """Return the problem in a response, after checking its required members and that it leaks nothing."""
    document: dict[str, Any] = await response.json(content_type="application/problem+json")
    assert document.keys() >= MEMBERS
    assert document["status"] == response.status
    assert document["request_id"] == response.headers["X-Request-ID"]
    assert document["type"].startswith("/problems/")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    return document


@pytest.mark.parametrize(
    ("method", "path", "slug", "status"),
    [
        ("GET", "/nowhere", "not-found", 404),
        ("GET", "/sample/items/", "not-found", 404),
        ("GET", "/api/docs/assets/nothing.js", "not-found", 404),
        ("GET", "/api/docs/assets/%00", "not-found", 404),
        ("GET", "/api/docs/assets/" + "a" * 300, "not-found", 404),
        ("GET", "/api/docs/assets/%2e%2e/%2e%2e/pyproject.toml", "not-found", 404),
        ("PATCH", "/sample/items", "method-not-allowed", 405),
        ("POST", "/api/docs", "method-not-allowed", 405),
        ("POST", "/api/docs/assets/swagger-ui.css", "method-not-allowed", 405),
        ("TRACE", "/health/live", "method-not-allowed", 405),
        ("GET", "/sample/forbidden", "forbidden", 403),
        ("GET", "/sample/status/429", "too-many-requests", 429),
        ("GET", "/sample/status/499", "http-499", 499),
        ("GET", "/sample/upstream", "upstream-unavailable", 503),
        ("GET", "/sample/boom", "internal-error", 500),
    ],
)
async def test_responds_with_a_problem(
    sample: aiohttp.ClientSession, method: str, path: str, slug: str, status: int
) -> None:
    async with sample.request(method, path) as response:
        assert response.status == status
        assert (await problem_of(response))["type"] == f"/problems/{slug}"


async def test_lists_all_methods_of_a_path_in_the_allow_header(sample: aiohttp.ClientSession) -> None:
    async with sample.delete("/sample/items") as response:
        assert response.headers["Allow"] == "GET, HEAD, POST"
        assert (await problem_of(response))["detail"] == "This path supports GET, HEAD, POST."
    async with sample.head("/sample/upload") as response:
        assert response.status == 405
        assert response.headers["Allow"] == "POST"
        assert response.content_type == "application/problem+json"
    async with sample.request("TRACE", "/sample/any") as response:
        assert response.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"


@pytest.mark.parametrize("status", [204, 304])
async def test_sends_no_body_with_a_status_that_allows_none_and_keeps_the_connection(
    sample_url: str, status: int
) -> None:
    reader, writer = await connection_to(sample_url)
    for _ in range(2):
        writer.write(f"GET /sample/status/{status} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(f"HTTP/1.1 {status} ".encode())
        assert b"problem+json" not in head
    writer.close()


async def test_keeps_the_allow_header_of_a_mounted_application_or_route(sample: aiohttp.ClientSession) -> None:
    async with sample.post("/api/docs/assets/swagger-ui.css") as response:
        assert response.status == 405
        assert "POST" not in response.headers.get("Allow", "")
    async with sample.get("/sample/refuses-itself") as response:
        assert (response.status, response.headers["Allow"]) == (405, "BREW")


async def test_reveals_nothing_about_an_unexpected_error(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/sample/boom") as response:
        text = await response.text()
        assert (await problem_of(response)).keys() == MEMBERS
    assert "postgresql" not in text
    assert "RuntimeError" not in text


async def test_sends_the_members_and_headers_of_a_domain_error(sample: aiohttp.ClientSession) -> None:
    async with sample.post("/sample/items", json=ITEM | {"count": 101}) as response:
        assert response.status == 409
        document = await problem_of(response)
    assert document["left"] == 100
    assert document["detail"] == "Only 100 are left."
    async with sample.get("/sample/forbidden") as response:
        assert response.headers["X-Reason"] == "because"
        assert (await problem_of(response))["detail"] == "Not for you."
    async with sample.post("/sample/items", json={}) as response:
        assert (await problem_of(response))["detail"] == "The request is invalid; see errors."
    async with sample.post("/sample/items", data="name: lamp", headers={"Content-Type": "text/plain"}) as response:
        assert (await problem_of(response))["detail"] == "Send the body as application/json."


async def test_documents_headers_of_a_problem_response(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/sample/locked?seconds=17") as response:
        assert (response.status, response.headers["Retry-After"]) == (401, "17")
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="sample"'
        assert (await problem_of(response))["type"] == "/problems/locked"
    async with sample.get("/api/openapi.json") as response:
        document = await response.json()
    declared = answers_of(document, document["paths"]["/sample/locked"]["get"])["401"]
    assert declared["headers"] == {"WWW-Authenticate": {"schema": {"type": "string"}}}


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ({"left": 3, "of": ["a"]}, {"detail": "Conflict", "left": 3, "of": ["a"]}),
        ({"detail": "Only 3.", "left": 3}, {"detail": "Only 3.", "left": 3}),
        ({"status": 200, "type": "x", "title": "x", "instance": "x", "request_id": "x"}, {"detail": "Conflict"}),
        (["a", {"b": 1}], {"detail": "Conflict", "details": ["a", {"b": 1}]}),
        (7, {"detail": "Conflict", "details": 7}),
        ("text", {"detail": "text"}),
    ],
)
async def test_turns_a_detail_that_is_not_text_into_members(
    sample: aiohttp.ClientSession, detail: object, expected: dict[str, object]
) -> None:
    async with sample.post("/sample/refuse", json=detail) as response:
        problem = await problem_of(response)
    assert (problem["status"], problem["title"]) == (409, "Conflict")
    assert {name: problem[name] for name in problem if name == "detail" or name not in MEMBERS} == expected


async def test_encodes_members_as_fastapi_does(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/sample/refuse/with-objects") as response:
        problem = await problem_of(response)
    assert problem["item"]["name"] == "lamp"
    assert (problem["price"], problem["names"], problem["7"]) == (1.5, ["a"], "seven")


async def test_logs_the_cause_without_sending_it(sample: aiohttp.ClientSession, sample_log: Path) -> None:
    async with sample.get("/sample/upstream") as response:
        assert (await problem_of(response))["detail"] == "The other service is unavailable."
    [line] = [line for line in read_log(sample_log) if line["level"] == "WARNING"]
    assert line["logger"] == "chassis.problems.handlers"
    assert line["message"].startswith("upstream-unavailable: The other service is unavailable. (OSError: token=[red")


@pytest.mark.parametrize(
    ("path", "slug", "detail"),
    [
        ("/sample/crowded", "database-unavailable", "All database connections are busy."),
        ("/sample/out-of-order", "out-of-order", "It will be mended."),
    ],
)
async def test_logs_a_cause_only_if_there_is_one(
    sample: aiohttp.ClientSession, sample_log: Path, path: str, slug: str, detail: str
) -> None:
    async with sample.get(path) as response:
        assert (await problem_of(response))["type"] == f"/problems/{slug}"
    [line] = [line for line in read_log(sample_log) if line["level"] == "WARNING"]
    assert line["message"] == f"{slug}: {detail}"


async def test_sends_retry_after(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/sample/upstream") as response:
        assert int(response.headers["Retry-After"]) > 0
    async with sample.get("/api/openapi.json") as response:
        document = await response.json()
    declared = answers_of(document, document["paths"]["/sample/upstream"]["get"])["503"]
    assert declared["headers"]["Retry-After"]["schema"] == {"type": "integer"}


async def test_quotes_the_path_in_the_problem(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/no%0d%0aX:%20y%22%ff") as response:
        assert (await problem_of(response))["instance"] == "/no%0D%0AX%3A%20y%22%EF%BF%BD"


async def test_points_at_invalid_values_without_repeating_them(sample: aiohttp.ClientSession) -> None:
    body = {"name": "planted" * 5, "day": "planted", "count": "planted", "a/b~c" + "d" * 100: 1}
    async with sample.post("/sample/items", json=body) as response:
        text = await response.text()
        errors = (await problem_of(response))["errors"]
    assert {error["pointer"] for error in errors} == {"#/name", "#/day", "#/count", "#/a~1b~0c" + "d" * 59}
    assert "planted" not in text


@pytest.mark.parametrize("kind", [ZoneInfo, ByteSize, ImportString])
def test_validation_messages_repeat_no_values(kind: type) -> None:
    """Pydantic's own messages do, for these types."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python("1 planted")
    [error] = invalid_fields(RequestValidationError([{**each, "loc": ("body", "a")} for each in caught.value.errors()]))
    assert error["pointer"] == "#/a"
    assert error["detail"].startswith("Input should be ")
    assert "planted" not in error["detail"]


async def test_limits_the_number_of_listed_errors(sample: aiohttp.ClientSession) -> None:
    async with sample.post("/sample/items", json={f"field{number}": 1 for number in range(1000)}) as response:
        assert len((await problem_of(response))["errors"]) == 20


def test_problem_types_of_the_chassis_are_stable() -> None:
    """Others may be added; these stay the same in every service."""
    kinds = [kind for kind in vars(catalogue).values() if isinstance(kind, Problem)]
    assert {(kind.status, kind.slug, kind.title, kind.retry_after) for kind in kinds} == {
        (400, "bad-request", "Bad request", None),
        (404, "not-found", "Not found", None),
        (405, "method-not-allowed", "Method not allowed", None),
        (408, "request-timeout", "Request timed out", None),
        (412, "precondition-failed", "Precondition failed", None),
        (413, "body-too-large", "Request body too large", None),
        (414, "uri-too-long", "Request target too long", None),
        (415, "unsupported-media-type", "Unsupported media type", None),
        (421, "misdirected-request", "Misdirected request", None),
        (422, "invalid-request", "Invalid request", None),
        (429, "too-many-requests", "Too many requests", 2),
        (431, "header-fields-too-large", "Request header fields too large", None),
        (500, "internal-error", "Internal server error", None),
        (501, "not-implemented", "Not implemented", None),
        (503, "not-ready", "Not ready", 2),
        (503, "database-unavailable", "Database unavailable", 2),
        (503, "database-not-migrated", "Database not migrated", 2),
        (503, "shutting-down", "Service is shutting down", 2),
        (503, "too-busy", "Too busy", 2),
        (503, "too-many-connections", "Too many connections", 2),
        (503, "upstream-unavailable", "Upstream service unavailable", 2),
        (504, "upstream-timeout", "Upstream service timed out", 2),
    }


def test_merges_declarations_of_the_same_status() -> None:
    together = problem_responses(INVALID_REQUEST, SHUTTING_DOWN, DATABASE_UNAVAILABLE)
    assert problem_responses(SHUTTING_DOWN, INVALID_REQUEST) | problem_responses(DATABASE_UNAVAILABLE) == together
    assert {422: {}} | problem_responses(INVALID_REQUEST, SHUTTING_DOWN) | problem_responses(
        SHUTTING_DOWN, DATABASE_UNAVAILABLE
    ) == together
    linked: dict[int | str, dict[str, Any]] = {200: {"headers": {"Link": {}}}}
    made = linked | problem_responses(Problem(slug="odd", status=200, title="Odd"))
    assert made[200].keys() == {"headers", "description", "content"}


async def test_route_adds_to_the_problems_of_its_router(sample: aiohttp.ClientSession) -> None:
    async with sample.get("/api/openapi.json") as response:
        document = await response.json()
    declared = answers_of(document, document["paths"]["/sample/upstream"]["get"])["503"]
    examples = declared["content"]["application/problem+json"]["examples"]
    own = {"database-unavailable", "database-not-migrated", "shutting-down", "upstream-unavailable"}
    assert examples.keys() == {*own, "issuer-unavailable"}
    titles = (
        "Database unavailable",
        "Database not migrated",
        "Service is shutting down",
        "Upstream service unavailable",
    )
    assert declared["description"] == "; ".join([*titles, "Token issuer unavailable"])


def example(kind: Problem) -> dict[str, Any]:
    problem = {"type": kind.type, "title": kind.title, "status": kind.status, "detail": kind.explanation}
    request = {"instance": "/path/of/the/request", "request_id": "019aaf5e-7b1c-7f3a-9c5e-2f6d8a1b4c3d"}
    return {"value": problem | request}


def test_documents_members_of_one_of_several_problems_of_a_status() -> None:
    ids = Annotated[list[int], Field(description="Who.", examples=[[7]])]
    missing = Problem(slug="missing", status=409, title="Missing", explanation="Not there.", members={"ids": ids})
    taken = Problem(slug="taken", status=409, title="Taken")
    alone = problem_responses(missing)[409]["content"]["application/problem+json"]
    standard = {"$ref": "#/components/schemas/ProblemDetails"}
    own = {"description": "Who.", "examples": [[7]], "items": {"type": "integer"}, "type": "array"}
    properties = {"type": "object", "properties": {"ids": own}, "required": ["ids"]}
    schema = {"title": "MissingProblem", "allOf": [standard, properties]}
    assert alone["schema"] == schema
    assert alone["examples"]["missing"]["value"]["ids"] == [7]
    for both in (problem_responses(taken, missing), problem_responses(taken) | problem_responses(missing)):
        assert both[409]["content"]["application/problem+json"]["schema"] == {"anyOf": [standard, schema]}
        assert both[409]["content"]["application/problem+json"]["examples"]["taken"]["value"]["detail"] == "Taken."


def test_documents_all_problems_of_a_status_together() -> None:
    declared = problem_responses(INVALID_REQUEST, SHUTTING_DOWN, DATABASE_UNAVAILABLE)
    assert declared.keys() == {422, 503}
    schema = declared[422]["content"]["application/problem+json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/ValidationProblemDetails"}
    assert declared[503] == {
        "description": "Service is shutting down; Database unavailable",
        "headers": {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}},
        "content": {
            "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/ProblemDetails"},
                "examples": {
                    "shutting-down": example(SHUTTING_DOWN),
                    "database-unavailable": example(DATABASE_UNAVAILABLE),
                },
            }
        },
    }
