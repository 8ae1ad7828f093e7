"""One request and its response as they pass by: sizes, status, and the beginnings of both bodies."""

import time
from collections.abc import Callable
from typing import Literal

from starlette.types import Message, Receive, Scope, Send

Bodies = Literal["off", "shapes", "errors", "all"]
"""Which bodies are logged: none; of 4xx and 5xx the shapes; of 4xx and 5xx what was sent; whatever was sent."""


class Exchange:
    """Stands between server and application; every message is passed on at once and untouched."""

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
        """Milliseconds since the request's headers came."""
        return round((time.perf_counter() - self._started) * 1000, 3)

    @property
    def client_left(self) -> bool:
        """Whether the client left before its answer was complete: the application read so, or the server noticed."""
        return self.disconnected or bool(self.scope.get("client_left"))

    def end(self) -> None:
        """Say that the exchange is over; nothing happens where its last byte was sent before."""
        if not self._ended:
            self._ended = True
            self._at_end(self)

    def keeps_bodies(self, status: int) -> bool:
        """Whether the bodies of an exchange that ends like this are to be logged."""
        return self._bodies == "all" or (self._bodies != "off" and status >= 400)  # noqa: PLR2004 - RFC 9110

    async def receive(self) -> Message:
        """Hand a message of the client to the application."""
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
        """Hand a message of the application to the client."""
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
