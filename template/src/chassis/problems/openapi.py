"""Problems in the OpenAPI document of an operation."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from .catalogue import Problem
from .response import MEDIA_TYPE


class InvalidField(BaseModel):
    """One thing wrong with the request."""

    pointer: str = Field(description="`#/username` in the body, `#/query/limit` elsewhere (RFC 6901 section 6).")
    detail: str


class ProblemDetails(BaseModel):
    """An error, as RFC 9457 describes it."""

    type: str = Field(description="URI reference that identifies the kind of problem.")
    title: str
    status: int
    detail: str
    instance: str = Field(description="Path of the request.")
    request_id: str = Field(description="Quote it when asking for help; the service's log has it too.")


class ValidationProblemDetails(ProblemDetails):
    """A request that could not be understood, and why."""

    errors: list[InvalidField] = []


def problem_responses(*problems: Problem) -> dict[int | str, dict[str, Any]]:
    """Declare problems in the OpenAPI document of an operation: `responses=problem_responses(USERNAME_TAKEN)`."""
    by_status: dict[int, list[Problem]] = {}
    for problem in problems:
        by_status.setdefault(problem.status, []).append(problem)
    return {status: _openapi_response(kinds) for status, kinds in by_status.items()}


def problem_schemas() -> dict[str, Any]:
    """The schemas that these declarations refer to, by name; FastAPI collects only those that it renders itself."""
    models = [(ProblemDetails, "serialization"), (ValidationProblemDetails, "serialization")]
    _, schema = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    schemas: dict[str, Any] = schema["$defs"]
    return schemas


def _openapi_response(problems: Iterable[Problem]) -> dict[str, Any]:
    problems = tuple(problems)
    model = ValidationProblemDetails if problems[0].status == HTTPStatus.UNPROCESSABLE_ENTITY else ProblemDetails
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    examples = {problem.slug: {"value": _example(problem)} for problem in problems}
    response: dict[str, Any] = {
        "description": "; ".join(problem.title for problem in problems),
        "content": {MEDIA_TYPE: {"schema": schema, "examples": examples}},
    }
    if any(problem.retry_after is not None for problem in problems):
        response["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    return response


def _example(problem: Problem) -> dict[str, Any]:
    return {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": "What went wrong this time.",
        "instance": "/path/of/the/request",
        "request_id": "019aaf5e-7b1c-7f3a-9c5e-2f6d8a1b4c3d",
    }
