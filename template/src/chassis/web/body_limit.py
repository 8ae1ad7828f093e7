"""The limit of request bodies. Pure ASGI: refuses by what is declared or by what has come, and buffers nothing."""

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.errors import BodyTooLarge
from chassis.problems import BODY_TOO_LARGE, problem_response

LINGER_SECONDS: Final = 1.0
_BODY_FOLLOWS: Final = (b"content-length", b"transfer-encoding")  # without either there is none (RFC 9112 section 6.3)


class BodyLimitMiddleware:
    """Answers 413 to a body above `limit` bytes, which nothing inside gets to see."""

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse by Content-Length where there is one, else as soon as too much has come."""
        if scope["type"] != "http" or not any(name in _BODY_FOLLOWS for name, _ in scope["headers"]):
            await self.app(scope, receive, send)
            return
        body = _CountedBody(self.limit, scope, receive, send)
        try:
            await self.app(scope, body.receive, body.send)
        except Exception:
            # What refused the body may come back wrapped: in an exception group, by BaseHTTPMiddleware.
            if not body.refused or body.answered:
                raise
        if body.refused and not body.answered:
            error = BodyTooLarge(self.limit)
            answer = problem_response(BODY_TOO_LARGE, detail=error.detail, path=scope["path"], headers=error.headers)
            await answer(scope, receive, body.send)


class _CountedBody:
    """One request whose body is counted, and its response."""

    def __init__(self, limit: int, scope: Scope, receive: Receive, send: Send) -> None:
        self._limit = limit
        self._receive = receive
        self._send = send
        self._received = 0
        self.refused = False
        self.answered = False
        lengths = (value for name, value in scope["headers"] if name == b"content-length")
        self._declared_too_much = any(value.isdigit() and int(value[:20]) > limit for value in lengths)

    async def receive(self) -> Message:
        if not self._declared_too_much:
            message = await self._receive()
            self._received += len(message.get("body", b""))
            if self._received <= self._limit:
                return message
        self.refused = True
        raise BodyTooLarge(self._limit)

    async def send(self, message: Message) -> None:
        if not self.answered:
            status = message.get("status")
            if self.refused and status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                return  # somebody inside took the refusal for a failure of another kind: it is answered afterwards
            self.answered = True
        is_last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if not (self.refused and is_last):
            await self._send(message)
            return
        await self._send({**message, "more_body": True})
        await self._discard_rest()
        await self._send({"type": "http.response.body", "body": b""})

    async def _discard_rest(self) -> None:
        """Close lingering: a client that still writes when we close is reset, and may never read why (RFC 9112 9.6)."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while (await self._receive()).get("more_body", False):
                    pass
