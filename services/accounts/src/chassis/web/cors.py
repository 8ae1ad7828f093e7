"""CORS: which other origins may use the service. Starlette's middleware, with problems for refusals."""

from collections.abc import Collection
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.problems import BAD_REQUEST, problem_response
from chassis.request_context import REQUEST_ID_HEADER

from .refusals import REFUSAL

READABLE_HEADERS = (REQUEST_ID_HEADER, "Location", "Link", "Retry-After", "WWW-Authenticate")
"""Response headers that a page may read, in addition to those that any page may."""


class CorsMiddleware(CORSMiddleware):
    """Responds to preflights and adds CORS headers to responses. Credentials are never allowed."""

    def __init__(self, app: ASGIApp, *, origins: Collection[str]) -> None:
        super().__init__(
            app, allow_origins=origins, allow_methods=["*"], allow_headers=["*"], expose_headers=READABLE_HEADERS
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a preflight, with 400 if it is refused, and serve all other requests."""
        if not _is_preflight(scope):
            await super().__call__(scope, receive, send)
            return
        answer = self.preflight_response(Headers(scope=scope))
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            kept = {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
            detail = f"{bytes(answer.body).decode()}."
            answer = problem_response(BAD_REQUEST, detail=detail, path=scope["path"], headers=kept)
        await answer(scope, receive, send)


def _is_preflight(scope: Scope) -> bool:
    """Return whether this is a preflight (Fetch standard) that the server has not refused."""
    if scope["type"] != "http" or scope["method"] != "OPTIONS" or REFUSAL in scope:
        return False
    headers = Headers(scope=scope)
    return "origin" in headers and "access-control-request-method" in headers
