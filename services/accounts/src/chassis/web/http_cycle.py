"""uvicorn's cycle of a request and its response, extended: the server can refuse it, or the client leave, midway."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, cast

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from .refusals import Refusal, RequestRefused


class Cycle(RequestResponseCycle):
    """uvicorn's cycle, where the client may leave and the server may refuse the rest of a body."""

    transport: "LingeringTransport"  # type: ignore[assignment] # the part that a cycle uses
    refusal: Refusal | None = None
    received = 0
    """Bytes of the body received so far."""

    left = False
    _has_all = False
    _keep_alive_if_asked = False

    def send(self, message: ASGISendEvent) -> Coroutine[Any, Any, None]:
        """Send the head of the response, or a part of its body."""
        self.transport.writes_head = message["type"] == "http.response.start"
        return super().send(message)

    def leave(self) -> None:
        """Record that the client has closed its side. `receive` reports it; responses may still reach the client."""
        self.left = True
        if not self.response_started:
            self.scope["client_left"] = True  # type: ignore[typeddict-unknown-key] # for the access log
        if self.more_body:
            self.disconnected = True
        self.message_event.set()

    def refuse(self, refusal: Refusal) -> None:
        """Refuse the rest of the body: `receive` now raises `RequestRefused`."""
        self.refusal = refusal
        self.keep_alive = False
        self.message_event.set()

    def expect_continue(self) -> None:
        """Close after the response if the body was never requested, since it may still come (RFC 9110 10.1.1)."""
        self._keep_alive_if_asked, self.keep_alive = self.keep_alive, False

    async def receive(self) -> ASGIReceiveEvent:
        """Return received parts of the body, or that the client has left. Raises `RequestRefused`."""
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
        """Close before the application stops streaming: uvicorn would treat an incomplete response as a bug."""
        if self.left and self.response_started and not self.response_complete and not self.disconnected:
            self.disconnected = True
            self.transport.close()

    def _is_over(self) -> bool:
        """Return whether the application gets nothing more of the request."""
        gone = self.disconnected or (self.left and self._has_all)
        return gone or self.response_complete or self.refusal is not None


class LingeringTransport:
    """The transport as a cycle uses it. The protocol closes it.

    Joins the head of a response and the first part of its body into one write and one packet. The head waits for the
    body until the next turn of the event loop at most, so that streams which start later send it without delay.
    """

    def __init__(
        self, transport: asyncio.Transport, close: Callable[[], None], loop: asyncio.AbstractEventLoop
    ) -> None:
        self.is_closing: Final[Any] = transport.is_closing
        self.writes_head = False  # the next write is the head of a response
        self._write: Final[Any] = transport.write
        self._close = close
        self._loop = loop
        self._head = b""
        self._flushing: asyncio.Handle | None = None

    def write(self, data: bytes) -> None:
        """Write the data, after the head if that is still waiting."""
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
        """Close after everything has been written."""
        if self._flushing:
            self.write(b"")
        self._close()
