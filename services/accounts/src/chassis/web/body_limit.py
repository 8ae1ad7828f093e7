"""Limit the size of request bodies, declared or received. Pure ASGI, without buffering."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.problems import BODY_TOO_LARGE

from .refusals import Refusal, RequestRefused

_BODY_FOLLOWS: Final = (b"content-length", b"transfer-encoding")  # without either there is none (RFC 9112 section 6.3)


class BodyLimitMiddleware:
    """Respond 413 to a body above `limit` bytes. The application never sees the excess."""

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self.app = app
        self.limit = limit
        self.refusal = Refusal(BODY_TOO_LARGE, f"The body may be at most {limit} bytes.")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve. `receive` raises `RequestRefused` if the declared or the received length exceeds the limit."""
        if scope["type"] != "http" or not any(name in _BODY_FOLLOWS for name, _ in scope["headers"]):
            await self.app(scope, receive, send)
            return
        lengths = (value for name, value in scope["headers"] if name == b"content-length")
        declared_too_much = any(value.isdigit() and int(value[:20]) > self.limit for value in lengths)
        received = 0

        async def counted_receive() -> Message:
            nonlocal received
            if not declared_too_much:
                message = await receive()
                received += len(message.get("body", b""))
                if received <= self.limit:
                    return message
            raise RequestRefused(self.refusal, scope)

        await self.app(scope, counted_receive, send)
