"""Declare problems in the OpenAPI document."""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel, Field, TypeAdapter
from pydantic.json_schema import models_json_schema

from .catalogue import Problem
from .response import MEDIA_TYPE

_REFERENCE: Final = "#/components/schemas/{model}"
_INVALID_FIELD: Final = {"pointer": "#/query/limit", "detail": "Input should be less than or equal to 100"}


class InvalidField(BaseModel):
    """One error in the request."""

    pointer: str = Field(description="Where: `#/username` in the body, `#/query/limit` elsewhere (RFC 6901 section 6).")
    detail: str


class ProblemDetails(BaseModel):
    """An error in the format of RFC 9457."""

    type: str = Field(description="URI reference that identifies the kind of problem.")
    title: str
    status: int
    detail: str
    instance: str = Field(description="Path of the request.")
    request_id: str = Field(description="ID of the request in the service's log. Quote it when you ask for help.")


class ValidationProblemDetails(ProblemDetails):
    """An invalid request, and the reasons."""

    errors: list[InvalidField] = []


class Responses(dict[int | str, dict[str, Any]]):
    """Declared responses by status, for `responses=`. For the same status, `|` merges both sides."""

    def __or__(self, other: Mapping[int | str, dict[str, Any]]) -> "Responses":  # type: ignore[override]  # narrower
        return Responses(_merged(self, other))

    def __ror__(self, other: Mapping[int | str, dict[str, Any]]) -> "Responses":  # type: ignore[override]  # narrower
        return Responses(_merged(other, self))


def extend_document(app: FastAPI, extend: Callable[[dict[str, Any]], None]) -> None:
    """Let `extend` change the application's OpenAPI document in place, once, after earlier extensions."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema:
            return app.openapi_schema
        document = generate()
        extend(document)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def problem_responses(*problems: Problem) -> Responses:
    """Return the declaration of problems for an operation: `responses=problem_responses(USERNAME_TAKEN)`."""
    by_status: dict[int, list[Problem]] = {}
    for problem in problems:
        by_status.setdefault(problem.status, []).append(problem)
    return Responses({status: _openapi_response(kinds) for status, kinds in by_status.items()})


def _merged(one: Mapping[Any, Any], other: Mapping[Any, Any]) -> dict[Any, Any]:
    both = {**one, **other}
    for name in one.keys() & other.keys():
        if name == "schema":
            both[name] = _any_of(one[name], other[name])
        elif isinstance(one[name], Mapping) and isinstance(other[name], Mapping):
            both[name] = _merged(one[name], other[name])
        elif name == "description":
            parts = [*one[name].split("; "), *other[name].split("; ")]
            both[name] = "; ".join(dict.fromkeys(parts))
    return both


def _any_of(*schemas: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return one schema that matches what any of these match."""
    flat = [each for schema in schemas for each in schema.get("anyOf", [schema])]
    different = [schema for position, schema in enumerate(flat) if schema not in flat[:position]]
    return different[0] if len(different) == 1 else {"anyOf": different}


def problem_schemas() -> dict[str, Any]:
    """Return the schemas that these declarations refer to, by name. FastAPI collects only those of its own."""
    models = [(ProblemDetails, "serialization"), (ValidationProblemDetails, "serialization")]
    _, schema = models_json_schema(models, ref_template=_REFERENCE)  # type: ignore[arg-type]
    schemas: dict[str, Any] = schema["$defs"]
    return schemas


def _schema(problem: Problem) -> dict[str, Any]:
    model = ValidationProblemDetails if problem.status == HTTPStatus.UNPROCESSABLE_ENTITY else ProblemDetails
    standard = {"$ref": _REFERENCE.format(model=model.__name__)}
    if not problem.members:
        return standard
    own = {name: TypeAdapter(kind).json_schema() for name, kind in problem.members.items()}
    title = "".join(word.capitalize() for word in problem.slug.split("-")) + "Problem"
    return {"title": title, "allOf": [standard, {"type": "object", "properties": own, "required": list(own)}]}


def _openapi_response(problems: Iterable[Problem]) -> dict[str, Any]:
    problems = tuple(problems)
    schema = _any_of(*map(_schema, problems))
    examples = {problem.slug: {"value": _example(problem)} for problem in problems}
    response: dict[str, Any] = {
        "description": "; ".join(problem.title for problem in problems),
        "content": {MEDIA_TYPE: {"schema": schema, "examples": examples}},
    }
    headers: dict[str, dict[str, Any]] = {
        name: {"schema": {"type": "string"}} for problem in problems for name in problem.headers
    }
    if any(problem.retry_after is not None for problem in problems):
        headers["Retry-After"] = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
    return {**response, "headers": headers} if headers else response


def _example(problem: Problem) -> dict[str, Any]:
    own = {name: TypeAdapter(kind).json_schema().get("examples", [None])[0] for name, kind in problem.members.items()}
    if problem.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        own["errors"] = [_INVALID_FIELD]
    return {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.explanation or f"{problem.title}.",
        "instance": "/path/of/the/request",
        "request_id": "019aaf5e-7b1c-7f3a-9c5e-2f6d8a1b4c3d",
        **own,
    }
