"""One request and its answer, as uvicorn runs them; here it can be refused, or left by its client, in the middle."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, cast

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from .refusals import Refusal, RequestRefused


class Cycle(RequestResponseCycle):
    """uvicorn's, with a client that may leave and a server that may refuse the rest of a body."""

    transport: "LingeringTransport"  # type: ignore[assignment] # as much of one as a cycle uses
    refusal: Refusal | None = None
    received = 0
    """Bytes of the body that have come."""

    left = False
    _has_all = False
    _keep_alive_if_asked = False

    def send(self, message: ASGISendEvent) -> Coroutine[Any, Any, None]:
        """Send the head of the answer, or a part of its body."""
        self.transport.writes_head = message["type"] == "http.response.start"
        return super().send(message)

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
            self._end_stream_of_who_left()
            return {"type": "http.disconnect"}
        body, self.body = bytes(self.body), bytearray()
        self._has_all = not self.more_body
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    def _end_stream_of_who_left(self) -> None:
        """Close before the application stops streaming: uvicorn takes an answer that is not complete for a bug."""
        if self.left and self.response_started and not self.response_complete and not self.disconnected:
            self.disconnected = True
            self.transport.close()

    def _is_over(self) -> bool:
        """Whether nothing more of the request will be handed to the application."""
        gone = self.disconnected or (self.left and self._has_all)
        return gone or self.response_complete or self.refusal is not None


class LingeringTransport:
    """The transport, as a cycle uses it; its protocol closes it.

    The head of an answer and the first part of its body become one write, and one packet: the head waits until the
    body comes, or the event loop's next turn, so that who streams later sends the head without delay.
    """

    def __init__(
        self, transport: asyncio.Transport, close: Callable[[], None], loop: asyncio.AbstractEventLoop
    ) -> None:
        self.is_closing: Final[Any] = transport.is_closing
        self.writes_head = False  # what comes next is the head of an answer
        self._write: Final[Any] = transport.write
        self._close = close
        self._loop = loop
        self._head = b""
        self._flushing: asyncio.Handle | None = None

    def write(self, data: bytes) -> None:
        """Write, after a head that waits."""
        if self.writes_head:
            self.writes_head = False
            self._head += data
            self._flushing = self._flushing or self._loop.call_soon(self._flush)
            return
        if self._flushing:
            self._flushing.cancel()
            self._flushing = None
            data, self._head = self._head + data, b""
        self._write(data)

    def _flush(self) -> None:
        self._flushing = None
        head, self._head = self._head, b""
        self._write(head)

    def close(self) -> None:
        """Close when everything has been written."""
        if self._flushing:
            self.write(b"")
        self._close()
