"""Observe a request and its response: sizes, status, and the beginnings of both bodies."""

import time
from collections.abc import Callable
from typing import Literal

from starlette.types import Message, Receive, Scope, Send

Bodies = Literal["off", "shapes", "errors", "all"]
"""Which bodies are logged: none; shapes for 4xx and 5xx; values for 4xx and 5xx; all with values."""


class Exchange:
    """Sits between server and application, and passes each message on unchanged."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        bodies: Bodies,
        body_limit: int,
        at_end: Callable[["Exchange"], None],
    ) -> None:
        self._receive = receive
        self._send = send
        self._at_end = at_end
        self._ended = False
        self._bodies = bodies
        self._request_room = self._response_room = body_limit if bodies != "off" else 0
        self._started = time.perf_counter()
        self.scope = scope
        self.status: int | None = None
        self.complete = self.disconnected = False
        self.request_size = self.response_size = 0
        self.request_body, self.response_body = bytearray(), bytearray()
        self.response_headers: list[tuple[bytes, bytes]] = []

    @property
    def duration_ms(self) -> float:
        """Return the milliseconds since the request's headers arrived."""
        return round((time.perf_counter() - self._started) * 1000, 3)

    @property
    def client_left(self) -> bool:
        """Return whether the client left before its response was complete, as the application or the server saw."""
        return self.disconnected or bool(self.scope.get("client_left"))

    def end(self) -> None:
        """Report the end of the exchange, unless it ended with the last byte of its response."""
        if not self._ended:
            self._ended = True
            self._at_end(self)

    def keeps_bodies(self, status: int) -> bool:
        """Return whether to log the bodies of a response with this status."""
        return self._bodies == "all" or (self._bodies != "off" and status >= 400)  # noqa: PLR2004 - RFC 9110

    async def receive(self) -> Message:
        """Return a message of the client to the application."""
        message = await self._receive()
        if message["type"] == "http.request":
            body = message.get("body", b"")
            self.request_size += len(body)
            if self._request_room > 0:
                self.request_body += body[: self._request_room]
                self._request_room -= len(body)
        elif not self.complete:
            self.disconnected = True
        return message

    async def send(self, message: Message) -> None:
        """Send a message of the application to the client."""
        if message["type"] == "http.response.body":
            body = message.get("body", b"")
            self.response_size += len(body)
            if self._response_room > 0:
                self.response_body += body[: self._response_room]
                self._response_room -= len(body)
            self.complete = not message.get("more_body", False)
        elif message["type"] == "http.response.start":
            self.status = message["status"]
            self.response_headers = message["headers"]
            if not self.keeps_bodies(message["status"]):
                self._response_room = 0
        await self._send(message)
        if self.complete:
            self.end()
