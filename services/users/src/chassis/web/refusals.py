"""Requests that the server refuses before or while the application reads them, and the responses."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.problems import (
    BAD_REQUEST,
    HEAD_TOO_LARGE,
    NOT_IMPLEMENTED,
    REQUEST_TIMEOUT,
    TOO_BUSY,
    TOO_MANY_CONNECTIONS,
    TOO_MANY_REQUESTS,
    URI_TOO_LONG,
    Problem,
    problem_response,
)

HEAD_LIMIT: Final = 64 * 1024
"""Bytes of the request line and headers together, and of the trailers."""

FIELDS_LIMIT: Final = 100
"""Number of header fields of a request, and of trailer fields."""

PIPELINE_LIMIT: Final = 20
"""Requests that may wait on one connection for earlier responses."""

REFUSAL: Final = "chassis.refusal"
"""Key in the ASGI scope for the `Refusal` of a refused request."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused: the problem, and its detail for the client."""

    problem: Problem
    detail: str


MALFORMED: Final = Refusal(BAD_REQUEST, "This is not a valid HTTP/1.1 request.")
INVALID_HOST_HEADER: Final = Refusal(BAD_REQUEST, "A request must have one Host header, with a valid host name.")
IS_NO_PROXY: Final = Refusal(BAD_REQUEST, "This server is not a proxy: it does not support CONNECT.")
TARGET_TOO_LONG: Final = Refusal(URI_TOO_LONG, f"The request line may be at most {HEAD_LIMIT} bytes.")
TOO_LARGE_HEAD: Final = Refusal(
    HEAD_TOO_LARGE, f"Headers and trailers may each have at most {HEAD_LIMIT} bytes and {FIELDS_LIMIT} fields."
)
UNKNOWN_CODING: Final = Refusal(NOT_IMPLEMENTED, "The only transfer coding that this server supports is chunked.")
TOO_SLOW: Final = Refusal(REQUEST_TIMEOUT, "The request did not arrive in time.")
TOO_MANY_PIPELINED: Final = Refusal(TOO_MANY_REQUESTS, f"At most {PIPELINE_LIMIT} requests may wait on one connection.")
ABANDONED: Final = Refusal(BAD_REQUEST, "The client left before its request was handled.")
TOO_MANY_BODIES: Final = Refusal(TOO_BUSY, "The server has reached its limit of request bodies.")
TOO_MUCH_FRAMING: Final = Refusal(BAD_REQUEST, "The chunked body has far more framing than content.")
SERVER_IS_FULL: Final = Refusal(TOO_MANY_CONNECTIONS, "The server has reached its limit of connections.")


class RequestRefused(Exception):
    """Raised by `receive` if the rest of a body is refused: it is malformed, too large, or too slow."""

    def __init__(self, refusal: Refusal, scope: MutableMapping[str, Any]) -> None:
        super().__init__(refusal.detail)
        scope[REFUSAL] = refusal


class RefusalMiddleware:
    """Responds to refused requests, however the application handles the exception. Pure ASGI.

    FastAPI turns any exception while it reads a body into a 400, and BaseHTTPMiddleware wraps it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve. A refusal replaces a response that has not begun."""
        answered = False

        async def send_unless_refused(message: Message) -> None:
            nonlocal answered
            if answered or REFUSAL not in scope:
                answered = True
                await send(message)

        if REFUSAL not in scope:
            try:
                await self.app(scope, receive, send_unless_refused if scope["type"] == "http" else send)
            except Exception:
                if answered or REFUSAL not in scope:
                    raise
        if REFUSAL in scope and not answered:
            await _answer(scope[REFUSAL], scope, receive, send)


async def _answer(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    # The rest of the data on the connection cannot be told apart from the refused request.
    answer = problem_response(
        refusal.problem, detail=refusal.detail, path=scope["path"], headers={"Connection": "close"}
    )
    await answer(scope, receive, send)
