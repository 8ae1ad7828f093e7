"""Exception handlers that respond with problems, for errors of the service, the chassis and the framework."""

import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Generic, TypeVar

from fastapi.exceptions import RequestValidationError
from fastapi.utils import is_body_allowed_for_status_code
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from chassis.errors import DatabaseNotMigrated, DatabaseUnavailable, UpstreamError, UpstreamTimeout, UpstreamUnavailable

from . import catalogue
from .catalogue import INVALID_REQUEST, METHOD_NOT_ALLOWED, UNSUPPORTED_MEDIA_TYPE, Problem
from .methods import answered_methods
from .response import problem_response
from .validation import invalid_fields, media_type_instead

Error = TypeVar("Error", bound=Exception)


@dataclass(frozen=True, slots=True)
class ProblemFor(Generic[Error]):
    """The problem to respond with for an exception. Its `detail` is `str(error)`."""

    error: type[Error]
    problem: Problem
    members: Callable[[Error], Mapping[str, object]] = lambda _: {}
    """Returns the extension members for an exception: JSON values, UUIDs and times."""
    headers: Callable[[Error], Mapping[str, str]] = lambda _: {}
    """Returns further headers for an exception, such as its own `Retry-After`."""


def _patience(error: UpstreamError) -> Mapping[str, str]:
    return {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}


CHASSIS_PROBLEMS: Final[tuple[ProblemFor[Any], ...]] = (
    ProblemFor(DatabaseUnavailable, catalogue.DATABASE_UNAVAILABLE),
    ProblemFor(DatabaseNotMigrated, catalogue.DATABASE_NOT_MIGRATED),
    ProblemFor(UpstreamUnavailable, catalogue.UPSTREAM_UNAVAILABLE, headers=_patience),
    ProblemFor(UpstreamTimeout, catalogue.UPSTREAM_TIMEOUT, headers=_patience),
)

# Their titles are fixed here, since HTTPStatus.phrase differs between Python versions.
HTTP_PROBLEMS: Final[Mapping[int, Problem]] = {
    problem.status: problem
    for problem in (
        catalogue.BAD_REQUEST,
        catalogue.NOT_FOUND,
        METHOD_NOT_ALLOWED,
        catalogue.BODY_TOO_LARGE,
        UNSUPPORTED_MEDIA_TYPE,
        INVALID_REQUEST,
        catalogue.INTERNAL_ERROR,
    )
}
Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]

METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

logger = logging.getLogger(__name__)


def exception_handlers(problems: Iterable[ProblemFor[Any]]) -> dict[int | type[Exception], Handler]:
    """Return handlers for the service's own errors, those of the chassis and those of the framework."""
    own: dict[int | type[Exception], Handler] = {each.error: _handler(each) for each in (*CHASSIS_PROBLEMS, *problems)}
    return {RequestValidationError: _answer_validation_error, HTTPException: _answer_http_exception, **own}


def _handler(answer: ProblemFor[Any]) -> Handler:
    problem = answer.problem

    async def respond(request: Request, error: Exception) -> Response:
        if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.warning("%s: %s%s", problem.slug, error, _cause(error))
        return problem_response(
            problem,
            detail=str(error.detail if isinstance(error, HTTPException) else error),
            path=request.scope["path"],
            headers=answer.headers(error) or (error.headers if isinstance(error, HTTPException) else None),
            members=answer.members(error),
        )

    return respond


def _cause(error: Exception) -> str:
    """Return the cause in parentheses, which goes only into the log."""
    cause = error.__cause__
    return f" ({type(cause).__name__}: {cause})" if cause else ""


async def _answer_validation_error(request: Request, error: RequestValidationError) -> Response:
    path = request.scope["path"]
    if media_type := media_type_instead(request, error):
        return problem_response(UNSUPPORTED_MEDIA_TYPE, detail=f"Send the body as {media_type}.", path=path)
    members = {"errors": invalid_fields(error)}
    return problem_response(INVALID_REQUEST, detail="The request is invalid; see errors.", path=path, members=members)


async def _answer_http_exception(request: Request, error: HTTPException) -> Response:
    if not is_body_allowed_for_status_code(error.status_code):
        return Response(None, error.status_code, error.headers)
    problem = HTTP_PROBLEMS.get(error.status_code) or _unnamed_problem(error.status_code)
    headers = dict(error.headers or {})
    told: object = error.detail
    if problem is METHOD_NOT_ALLOWED:
        allowed = _allowed_methods(request)
        if allowed and request.method not in allowed:  # otherwise a route or mounted application refuses it itself
            headers["Allow"] = ", ".join(allowed)
            told = f"This path supports {headers['Allow']}."
    detail, members = _detail_and_members(told, problem)
    return problem_response(problem, detail=detail, path=request.scope["path"], headers=headers, members=members)


def _detail_and_members(detail: object, problem: Problem) -> tuple[str, Mapping[str, object]]:
    """Return the detail and members. FastAPI allows any JSON as `detail`: objects are members, lists are `details`."""
    if isinstance(detail, str):
        return detail, {}
    members: Mapping[str, object] = detail if isinstance(detail, Mapping) else {"details": detail}
    told = members.get("detail")
    return told if isinstance(told, str) else problem.title, members


def _unnamed_problem(status: int) -> Problem:
    """Return a problem for a status without its own kind, named after its phrase (RFC 9457 section 4.2.1)."""
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else f"HTTP {status}"
    return Problem(slug=phrase.lower().replace(" ", "-"), status=status, title=phrase)


def _allowed_methods(request: Request) -> list[str]:
    """Return all methods of the path (RFC 9110 section 15.5.6). Starlette returns only those of the first route."""
    scope = {name: request.scope.get(name, "") for name in ("type", "path", "root_path")} | {"headers": []}
    allowed = answered_methods(request.app, scope, METHODS)
    return sorted(allowed | {"HEAD"} if "GET" in allowed else allowed)  # HeadMiddleware serves it
