"""The limit of request bodies. Pure ASGI: refuses by what is declared or by what has come, and buffers nothing."""

import asyncio
from contextlib import suppress
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
        except BodyTooLarge as error:  # FastAPI answers it itself; this is for the middleware of a service
            if body.answered:
                raise
            answer = problem_response(BODY_TOO_LARGE, detail=error.detail, path=scope["path"], headers=error.headers)
            await answer(scope, receive, body.send)


class _CountedBody:
    """One request whose body is counted, and its response."""

    def __init__(self, limit: int, scope: Scope, receive: Receive, send: Send) -> None:
        self._limit = limit
        self._receive = receive
        self._send = send
        self._received = 0
        self._refused = False
        self.answered = False
        lengths = (value for name, value in scope["headers"] if name == b"content-length")
        self._declared_too_much = any(value.isdigit() and int(value[:20]) > limit for value in lengths)

    async def receive(self) -> Message:
        if not self._declared_too_much:
            message = await self._receive()
            self._received += len(message.get("body", b""))
            if self._received <= self._limit:
                return message
        self._refused = True
        raise BodyTooLarge(self._limit)

    async def send(self, message: Message) -> None:
        self.answered = True
        is_last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if not (self._refused and is_last):
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
