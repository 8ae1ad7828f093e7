"""What the server refuses before, or while, the application reads a request; and how that is answered."""

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
"""Bytes that the lines before a body may have together, and those of the trailers after it."""

FIELDS_LIMIT: Final = 100
"""Header fields that a request may have, and trailer fields."""

PIPELINE_LIMIT: Final = 20
"""Requests that may wait on one connection for the answers before theirs."""

REFUSAL: Final = "chassis.refusal"
"""The key of the ASGI scope that holds what becomes no request of the application."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused: the kind of problem, and a sentence for the client."""

    problem: Problem
    detail: str


MALFORMED: Final = Refusal(BAD_REQUEST, "This is not a valid HTTP/1.1 request.")
INVALID_HOST_HEADER: Final = Refusal(BAD_REQUEST, "A request needs exactly one Host header, with a valid host name.")
IS_NO_PROXY: Final = Refusal(BAD_REQUEST, "This server is no proxy: it does not serve CONNECT.")
TARGET_TOO_LONG: Final = Refusal(URI_TOO_LONG, f"The request line may have at most {HEAD_LIMIT} bytes.")
TOO_LARGE_HEAD: Final = Refusal(
    HEAD_TOO_LARGE, f"Headers, and trailers, may have at most {HEAD_LIMIT} bytes and {FIELDS_LIMIT} fields."
)
UNKNOWN_CODING: Final = Refusal(NOT_IMPLEMENTED, "The only transfer coding that this server knows is chunked.")
TOO_SLOW: Final = Refusal(REQUEST_TIMEOUT, "The request did not come in time.")
TOO_MANY_PIPELINED: Final = Refusal(TOO_MANY_REQUESTS, f"At most {PIPELINE_LIMIT} requests may wait on one connection.")
ABANDONED: Final = Refusal(BAD_REQUEST, "The client left before this request had its turn.")
TOO_MANY_BODIES: Final = Refusal(TOO_BUSY, "The server holds as many bodies of requests as it can.")
TOO_MUCH_FRAMING: Final = Refusal(BAD_REQUEST, "The chunks of the body have far more bytes around them than in them.")
SERVER_IS_FULL: Final = Refusal(TOO_MANY_CONNECTIONS, "The server has as many connections as it can serve.")


class RequestRefused(Exception):
    """Raised by `receive` where the rest of a body is refused: it is broken, too large, or does not come."""

    def __init__(self, refusal: Refusal, scope: MutableMapping[str, Any]) -> None:
        super().__init__(refusal.detail)
        scope[REFUSAL] = refusal


class RefusalMiddleware:
    """Answers refused requests, whatever the application makes of the refusal. Pure ASGI.

    FastAPI takes any exception while it reads a body for a 400, and BaseHTTPMiddleware wraps it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; a refusal takes the place of an answer that has not begun."""
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
    # What follows on the connection cannot be told apart from what was refused.
    answer = problem_response(
        refusal.problem, detail=refusal.detail, path=scope["path"], headers={"Connection": "close"}
    )
    await answer(scope, receive, send)
