"""Every error is an RFC 9457 problem: `application/problem+json` with `type`, `title`, `status`, `detail`, `instance`."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import orjson
from fastapi.exceptions import RequestValidationError
from fastapi.params import Form
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from .errors import BodyTooLarge, DatabaseUnavailable, UpstreamTimeout, UpstreamUnavailable
from .request_context import current_request

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 2
MAX_ERRORS: Final = 20

logger = logging.getLogger(__name__)


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


NOT_FOUND = Problem(slug="not-found", status=404, title="Not found")
BODY_TOO_LARGE = Problem(slug="body-too-large", status=413, title="Request body too large")
UNSUPPORTED_MEDIA_TYPE = Problem(slug="unsupported-media-type", status=415, title="Unsupported media type")
INVALID_REQUEST = Problem(slug="invalid-request", status=422, title="Invalid request", members=("errors",))
INVALID_HOST = Problem(slug="misdirected-request", status=421, title="Misdirected request")
INTERNAL_ERROR = Problem(slug="internal-error", status=500, title="Internal server error")
DATABASE_UNAVAILABLE = Problem(
    slug="database-unavailable", status=503, title="Database unavailable", retry_after=RETRY_AFTER_SECONDS
)
UPSTREAM_UNAVAILABLE = Problem(
    slug="upstream-unavailable", status=503, title="Upstream service unavailable", retry_after=RETRY_AFTER_SECONDS
)
UPSTREAM_TIMEOUT = Problem(
    slug="upstream-timeout", status=504, title="Upstream service timed out", retry_after=RETRY_AFTER_SECONDS
)

COMMON_PROBLEMS: Final = (INVALID_REQUEST, INTERNAL_ERROR, DATABASE_UNAVAILABLE)
"""What any operation can answer."""

BODY_PROBLEMS: Final = (BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE)
"""What any operation with a request body can answer besides."""

UPSTREAM_PROBLEMS: Final = (DATABASE_UNAVAILABLE, UPSTREAM_UNAVAILABLE, UPSTREAM_TIMEOUT)
"""What any operation that asks an upstream service can answer besides."""

CHASSIS_PROBLEMS: Final[Mapping[type[Exception], Problem]] = {
    BodyTooLarge: BODY_TOO_LARGE,
    DatabaseUnavailable: DATABASE_UNAVAILABLE,
    UpstreamUnavailable: UPSTREAM_UNAVAILABLE,
    UpstreamTimeout: UPSTREAM_TIMEOUT,
}


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


def exception_handlers(problems: Mapping[type[Exception], Problem]) -> dict[Any, ExceptionHandler]:
    """Handlers for the service's own errors, those of the chassis, and those of the framework."""
    own = {error: _handler(problem) for error, problem in {**CHASSIS_PROBLEMS, **problems}.items()}
    return {**own, RequestValidationError: _answer_validation_error, HTTPException: _answer_http_exception}


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
    examples = {
        problem.slug: {"value": {"type": problem.type, "title": problem.title, "status": problem.status}}
        for problem in problems
    }
    response: dict[str, Any] = {
        "description": "; ".join(problem.title for problem in problems),
        "content": {MEDIA_TYPE: {"schema": schema, "examples": examples}},
    }
    if any(problem.retry_after is not None for problem in problems):
        response["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    return response


def _handler(problem: Problem) -> ExceptionHandler:
    async def answer(request: Request, error: Exception) -> Response:
        if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.warning("%s: %s", problem.slug, error)
        members = {name: getattr(error, name) for name in problem.members}
        headers = getattr(error, "headers", None)
        return problem_response(problem, detail=str(error), path=request.scope["path"], headers=headers, members=members)

    return answer


async def _answer_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if _has_foreign_media_type(request, error):
        detail = "Send the body as application/json."
        return problem_response(UNSUPPORTED_MEDIA_TYPE, detail=detail, path=request.scope["path"])
    errors = [_invalid_field(each) for each in error.errors()[:MAX_ERRORS]]
    detail = "The request is not valid; see errors."
    return problem_response(INVALID_REQUEST, detail=detail, path=request.scope["path"], members={"errors": errors})


async def _answer_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    problem = Problem(slug=status.phrase.lower().replace(" ", "-"), status=status, title=status.phrase)
    return problem_response(problem, detail=error.detail, path=request.scope["path"], headers=error.headers)


def _has_foreign_media_type(request: Request, error: RequestValidationError) -> bool:
    """Whether the body failed because it is not what the operation takes: JSON."""
    body_field = getattr(request.scope.get("route"), "body_field", None)
    if body_field is None or isinstance(body_field.field_info, Form):
        return False
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_json = media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))
    return not is_json and any(each["loc"][0] == "body" for each in error.errors()) and error.body is not None


def _pointer(location: tuple[int | str, ...]) -> str:
    """JSON pointer as a URI fragment; names of unknown fields come from the client, so they are cut and made encodable."""
    steps = location[1:] if location[0] == "body" else location
    names = (str(step)[:64].encode("utf-8", "replace").decode() for step in steps)
    return "#" + "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)


def _invalid_field(error: Mapping[str, Any]) -> dict[str, str]:
    """Say what is wrong and where, never what was sent."""
    if error["type"] == "json_invalid":
        return {"pointer": "#", "detail": f"Not valid JSON: {error['ctx']['error']}"}
    return {"pointer": _pointer(error["loc"]), "detail": str(error["msg"]).removeprefix("Value error, ")}
