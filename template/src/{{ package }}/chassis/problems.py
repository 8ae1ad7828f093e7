"""Every error is an RFC 9457 problem, `application/problem+json`: the kinds, how one is rendered and declared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import orjson
from pydantic import BaseModel, Field
from starlette.responses import Response

from .request_context import current_request

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One kind of error, as clients know it.

    `members` names attributes of the exception that become members of the problem beside the standard ones.
    """

    slug: str
    status: int
    title: str
    members: tuple[str, ...] = ()
    retry_after: int | None = None

    @property
    def type(self) -> str:
        """The stable URI reference that identifies this kind of problem (RFC 9457 section 3.1.1)."""
        return f"/problems/{self.slug}"


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


BAD_REQUEST = Problem(slug="bad-request", status=400, title="Bad request")
NOT_FOUND = Problem(slug="not-found", status=404, title="Not found")
METHOD_NOT_ALLOWED = Problem(slug="method-not-allowed", status=405, title="Method not allowed")
BODY_TOO_LARGE = Problem(slug="body-too-large", status=413, title="Request body too large")
UNSUPPORTED_MEDIA_TYPE = Problem(slug="unsupported-media-type", status=415, title="Unsupported media type")
INVALID_REQUEST = Problem(slug="invalid-request", status=422, title="Invalid request", members=("errors",))
INVALID_HOST = Problem(slug="misdirected-request", status=421, title="Misdirected request")
INTERNAL_ERROR = Problem(slug="internal-error", status=500, title="Internal server error")
NOT_READY = Problem(slug="not-ready", status=503, title="Not ready", retry_after=RETRY_AFTER_SECONDS)
DATABASE_UNAVAILABLE = Problem(
    slug="database-unavailable", status=503, title="Database unavailable", retry_after=RETRY_AFTER_SECONDS
)
SHUTTING_DOWN = Problem(slug="shutting-down", status=503, title="Service is stopping", retry_after=RETRY_AFTER_SECONDS)
UPSTREAM_UNAVAILABLE = Problem(
    slug="upstream-unavailable", status=503, title="Upstream service unavailable", retry_after=RETRY_AFTER_SECONDS
)
UPSTREAM_TIMEOUT = Problem(
    slug="upstream-timeout", status=504, title="Upstream service timed out", retry_after=RETRY_AFTER_SECONDS
)

COMMON_PROBLEMS: Final = (INVALID_HOST, INVALID_REQUEST, INTERNAL_ERROR, DATABASE_UNAVAILABLE, SHUTTING_DOWN)
"""What any operation can answer."""

BODY_PROBLEMS: Final = (BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE)
"""What any operation with a request body can answer besides."""

# They replace what is common of the same status, so the other two of 503 are named again.
UPSTREAM_PROBLEMS: Final = (DATABASE_UNAVAILABLE, SHUTTING_DOWN, UPSTREAM_UNAVAILABLE, UPSTREAM_TIMEOUT)
"""What any operation that asks an upstream service can answer besides."""


def problem_response(
    problem: Problem,
    *,
    detail: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> Response:
    """Render a problem, with the id of the current request."""
    request = current_request()
    content = {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        "instance": quote(path),
        "request_id": request.request_id if request else "",
        **(members or {}),
    }
    response = Response(orjson.dumps(content), problem.status, headers, MEDIA_TYPE)
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def problem_responses(*problems: Problem) -> dict[int | str, dict[str, Any]]:
    """Declare problems in the OpenAPI document of an operation: `responses=problem_responses(USERNAME_TAKEN)`."""
    by_status: dict[int, list[Problem]] = {}
    for problem in problems:
        by_status.setdefault(problem.status, []).append(problem)
    return {status: _openapi_response(kinds) for status, kinds in by_status.items()}


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
