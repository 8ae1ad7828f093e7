"""One request and its answer, as uvicorn runs them; here it can be refused, or left by its client, in the middle."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast

from uvicorn._types import ASGIReceiveEvent
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from .refusals import Refusal, RequestRefused


class Cycle(RequestResponseCycle):
    """uvicorn's, with a client that may leave and a server that may refuse the rest of a body."""

    refusal: Refusal | None = None
    received = 0
    """Bytes of the body that have come."""

    left = False
    _has_all = False
    _keep_alive_if_asked = False

    def leave(self) -> None:
        """Note that the client has closed its side: `receive` says so from now on; answers may still reach it."""
        self.left = True
        if not self.response_started:
            self.scope["client_left"] = True  # type: ignore[typeddict-unknown-key] # for the access log
        if self.more_body:
            self.disconnected = True
        self.message_event.set()

    def refuse(self, refusal: Refusal) -> None:
        """Refuse the rest of the body: `receive` raises `RequestRefused` from now on."""
        self.refusal = refusal
        self.keep_alive = False
        self.message_event.set()

    def expect_continue(self) -> None:
        """Close after the answer if the body was never asked for: nobody knows whether it comes (RFC 9110 10.1.1)."""
        self._keep_alive_if_asked, self.keep_alive = self.keep_alive, False

    async def receive(self) -> ASGIReceiveEvent:
        """What came of the body, or that the client has left; raises `RequestRefused`."""
        if self.waiting_for_100_continue and not self.transport.is_closing():
            self.keep_alive = self._keep_alive_if_asked
            self.waiting_for_100_continue = False
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not self._is_over():
            self.flow.resume_reading()
            await self.message_event.wait()
            self.message_event.clear()
        if self.refusal is not None and not self.response_started:
            raise RequestRefused(self.refusal, cast(dict[str, Any], self.scope))
        if self._is_over():
            return {"type": "http.disconnect"}
        body, self.body = bytes(self.body), bytearray()
        self._has_all = not self.more_body
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    def _is_over(self) -> bool:
        """Whether nothing more of the request will be handed to the application."""
        gone = self.disconnected or (self.left and self._has_all)
        return gone or self.response_complete or self.refusal is not None


class LingeringTransport:
    """The transport, as a cycle uses it; its protocol closes it."""

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write: Final[Any] = transport.write
        self.is_closing: Final[Any] = transport.is_closing
        self.close: Final = close
