"""The rules for OpenAPI documents detect violations."""

import re
from typing import Annotated, Any

import pytest
from pydantic import Field, TypeAdapter

from .. import openapi_rules

PORTABLE = [
    "^[A-Za-z0-9_.-]{4,20}$", "^$", "a|b", "^(?:ab)+$", "^(a|bc?)*x$", r"^\+[1-9][0-9]{1,14}$", r"^[\[\]\\^-]+$", "é+",
    r"^[a-z\-0]{2,}$", r"^\x41+?$", r"^\/a\.b$", "^[ -~]*$", "^(?:[0-9]{4}-[0-9]{2})?$", "[a-]",
]  # fmt: skip
NOT_PORTABLE = [
    r"^\d+$", r"^\w+$", r"^\s*$", r"\bword", r"\p{L}", r"^a\Z", r"\Aa", "a*+", "a++", "a?+", "(?>a)", "(?=a)", "(?!a)",
    "(?<=a)b", "(?<!a)b", "(?P<name>a)", "(?<name>a)", "(?i)a", r"(a)\1", "^.+$", "[^a]", "[^/]+", "😀+", "[😀]",
    "a{,3}", "a{", "}", "]", "[]a]", "[a[b]]", "[a&&b]", "[a--b]", r"\u0041", r"\-", r"\e", r"\'", "a{1001}", "*a",
    "^*", "(*a)", "a**", "(a", "a)", "[a", "\\",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PORTABLE)
def test_accepts_a_portable_pattern(pattern: str) -> None:
    assert openapi_rules.is_portable(pattern)
    re.compile(pattern)
    TypeAdapter(Annotated[str, Field(pattern=pattern)])  # which is compiled by Rust


@pytest.mark.parametrize("pattern", NOT_PORTABLE)
def test_refuses_a_pattern_that_languages_interpret_differently(pattern: str) -> None:
    assert not openapi_rules.is_portable(pattern)
    schema = {"anyOf": [{"type": "string", "pattern": pattern}]}
    documents: list[dict[str, Any]] = [schema, {"properties": {"name": schema}}, {"patternProperties": {pattern: {}}}]
    for document in documents:
        with pytest.raises(AssertionError, match="languages interpret this pattern differently"):
            openapi_rules.check_patterns(document)


def test_ignores_a_property_named_pattern() -> None:
    openapi_rules.check_patterns({"properties": {"pattern": {"type": "string"}}})


def operation(**changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = {"application/problem+json": {}}
    responses = {code: {"content": content} for code in ("413", "415", "421", "422", "500", "503")}
    return {"requestBody": {}, "responses": responses, **changes}


def test_requires_short_operation_ids_summaries_and_described_tags() -> None:
    good = {"operationId": "list_users", "summary": "List users", "tags": ["users"]}
    tags = [{"name": "users", "description": "People."}]
    openapi_rules.check_operations({"paths": {"/x": {"get": good}}, "tags": tags})
    for changes in (
        {"operationId": "list_users_api_v1_users__get"},
        {"summary": "List Users"},
        {"summary": "list users"},
        {"tags": ["others"]},
    ):
        with pytest.raises(AssertionError):
            openapi_rules.check_operations({"paths": {"/x": {"get": good | changes}}, "tags": tags})
    with pytest.raises(AssertionError):
        openapi_rules.check_operations({"paths": {"/x": {"get": good, "post": good}}, "tags": tags})


def test_accepts_a_response_in_the_components() -> None:
    answer: dict[str, Any] = {"content": {"text/plain": {}}}
    document = {"components": {"responses": {"Odd": answer}}}
    with_it = {"responses": {"200": answer, "400": {"$ref": "#/components/responses/Odd"}}}
    assert openapi_rules.answers_of(document, with_it) == {"200": answer, "400": answer}


def test_requires_problems_unless_the_protocol_has_its_own_errors() -> None:
    good, oauth = operation(), operation(**{"x-errors": "RFC 6749"})
    oauth["responses"]["400"] = {"content": {"application/json": {}}}
    openapi_rules.check_problems({"paths": {"/x": {"post": good}, "/token": {"post": oauth}}})
    del oauth["x-errors"]
    with pytest.raises(AssertionError):
        openapi_rules.check_problems({"paths": {"/token": {"post": oauth}}})
    good["responses"]["400"] = {"content": {"text/plain": {}}}
    with pytest.raises(AssertionError):
        openapi_rules.check_problems({"paths": {"/x": {"post": good | {"x-errors": "RFC 6749"}}}})
    without = operation()
    del without["responses"]["415"]
    with pytest.raises(AssertionError):
        openapi_rules.check_problems({"paths": {"/x": {"post": without}}})
