"""Which problem answers which exception: the service's own, those of the chassis, and those of the framework."""

import logging
from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from .errors import BodyTooLarge, DatabaseUnavailable, UpstreamTimeout, UpstreamUnavailable
from .problems import (
    BAD_REQUEST,
    BODY_TOO_LARGE,
    DATABASE_UNAVAILABLE,
    INTERNAL_ERROR,
    INVALID_REQUEST,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    UNSUPPORTED_MEDIA_TYPE,
    UPSTREAM_TIMEOUT,
    UPSTREAM_UNAVAILABLE,
    Problem,
    problem_response,
)
from .validation import has_foreign_media_type, invalid_fields

CHASSIS_PROBLEMS: Final[Mapping[type[Exception], Problem]] = {
    BodyTooLarge: BODY_TOO_LARGE,
    DatabaseUnavailable: DATABASE_UNAVAILABLE,
    UpstreamUnavailable: UPSTREAM_UNAVAILABLE,
    UpstreamTimeout: UPSTREAM_TIMEOUT,
}

# Named here and not by HTTPStatus.phrase, which differs between versions of Python.
HTTP_PROBLEMS: Final[Mapping[int, Problem]] = {
    problem.status: problem
    for problem in (
        BAD_REQUEST,
        NOT_FOUND,
        METHOD_NOT_ALLOWED,
        BODY_TOO_LARGE,
        UNSUPPORTED_MEDIA_TYPE,
        INVALID_REQUEST,
        INTERNAL_ERROR,
    )
}
Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]

METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

logger = logging.getLogger(__name__)


def exception_handlers(problems: Mapping[type[Exception], Problem]) -> dict[int | type[Exception], Handler]:
    """Handlers for the service's own errors, those of the chassis, and those of the framework."""
    own: dict[int | type[Exception], Handler] = {
        error: _handler(problem) for error, problem in {**CHASSIS_PROBLEMS, **problems}.items()
    }
    return {**own, RequestValidationError: _answer_validation_error, HTTPException: _answer_http_exception}


def _handler(problem: Problem) -> Handler:
    async def answer(request: Request, error: Exception) -> Response:
        if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            logger.warning("%s: %s%s", problem.slug, error, _cause(error))
        members = {name: getattr(error, name) for name in problem.members}
        headers = getattr(error, "headers", None)
        return problem_response(
            problem, detail=str(error), path=request.scope["path"], headers=headers, members=members
        )

    return answer


def _cause(error: Exception) -> str:
    """What only the log is told."""
    cause = error.__cause__
    return f" ({type(cause).__name__}: {cause})" if cause else ""


async def _answer_validation_error(request: Request, error: RequestValidationError) -> Response:
    path = request.scope["path"]
    if has_foreign_media_type(request, error):
        return problem_response(UNSUPPORTED_MEDIA_TYPE, detail="Send the body as application/json.", path=path)
    members = {"errors": invalid_fields(error)}
    return problem_response(INVALID_REQUEST, detail="The request is not valid; see errors.", path=path, members=members)


async def _answer_http_exception(request: Request, error: HTTPException) -> Response:
    problem = HTTP_PROBLEMS.get(error.status_code) or _unnamed_problem(error.status_code)
    headers = dict(error.headers or {})
    if problem is METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_allowed_methods(request))
    return problem_response(problem, detail=str(error.detail), path=request.scope["path"], headers=headers)


def _unnamed_problem(status: int) -> Problem:
    """A problem that is no more than its status, named by the phrase of the status (RFC 9457 section 4.2.1)."""
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else f"HTTP {status}"
    return Problem(slug=phrase.lower().replace(" ", "-"), status=status, title=phrase)


def _allowed_methods(request: Request) -> list[str]:
    """All methods of the path (RFC 9110 section 15.5.6): the framework knows those of the first route only."""
    scope = {"type": "http", "path": request.scope["path"], "headers": []}
    routes = request.app.router.routes
    return [
        method
        for method in METHODS
        if any(route.matches(scope | {"method": method})[0] is Match.FULL for route in routes)
    ]
