"""Graceful shutdown: after SIGTERM `ready` is 503, requests in flight finish, and then connections close."""

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, Final, Self

import uvicorn

from .health import Health
from .lifeline import Lifeline
from .listening import refuse_new_connections, somebody_waits
from .server import ServiceConfig

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
HANDSHAKE_SECONDS: Final = 0.05  # for handshakes in progress when the kernel starts to drop new ones
ACCEPT_SECONDS: Final = 2.0  # at most, to accept waiting connections, which takes long on an overloaded CPU
PARENT_SECONDS: Final = 1.0  # for the parent to react to a signal to the whole group

logger = logging.getLogger(__name__)


class Draining:
    """Delays uvicorn's shutdown by `delay` seconds after the first signal, while `health` reports "draining".

    Load balancers notice before the listening socket closes, and keep-alive clients get `Connection: close`.
    A second signal ends the delay. A second SIGINT (Ctrl+C) also ends the wait for requests in flight.

    A worker also drains when its parent ends. It ignores a second SIGTERM: one may go to the whole group, and one comes
    from the parent.
    """

    def __init__(self, health: Health, *, delay: float) -> None:
        self._health = health
        self._delay = delay
        self._uvicorn: dict[int, Callable[[int, FrameType | None], Any]] = {}
        self._server: uvicorn.Server | None = None
        self._lifeline: Lifeline | None = None
        self._service_ends = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._loop = asyncio.get_running_loop()
            self._find_server()
            for number in SIGNALS:
                handler = signal.getsignal(number)
                if callable(handler):
                    self._uvicorn[number] = handler
                    signal.signal(number, self._handle)
            if self._lifeline:
                self._loop.add_reader(self._lifeline, self._parent_ends, self._lifeline)
            elif self._server:
                self._service_ends.set()  # with this process
        return self

    async def __aexit__(self, *_: object) -> None:
        for number, handler in self._uvicorn.items():
            signal.signal(number, handler)
        if self._lifeline:
            self._loop.remove_reader(self._lifeline)
        if self._task:
            self._task.cancel()

    def _find_server(self) -> None:
        """Find our own server. Other servers may share their sockets between processes, so those are left alone."""
        server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
        if isinstance(server, uvicorn.Server) and isinstance(server.config, ServiceConfig):
            self._server = server
            self._lifeline = server.config.lifeline

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self._health.draining:
            self._health.draining = True
            # Not in the signal handler itself, which may have interrupted the writing of a log line.
            self._loop.call_soon_threadsafe(self._begin, number, signal.Signals(number).name)
        elif number == signal.SIGINT:
            for _ in range(2):  # uvicorn treats the first as a graceful shutdown
                self._uvicorn[number](number, frame)
        elif not self._lifeline:
            self._uvicorn[number](number, frame)

    def _parent_ends(self, lifeline: Lifeline) -> None:
        self._loop.remove_reader(lifeline)
        self._service_ends.set()
        if not self._health.draining:
            self._health.draining = True
            self._begin(signal.SIGTERM, "the parent's exit")

    def _begin(self, number: int, cause: str) -> None:
        logger.info("draining for %s s after %s", self._delay, cause)
        self._task = self._loop.create_task(self._drain(number))

    async def _drain(self, number: int) -> None:
        await asyncio.sleep(self._delay)
        if self._lifeline:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._service_ends.wait(), PARENT_SECONDS)
        if self._server and self._service_ends.is_set():  # otherwise other workers still use the sockets
            servers = getattr(self._server, "servers", ())  # missing if it is stopped while it starts
            listening = [each for server in servers for each in server.sockets]
            if refuse_new_connections(listening):
                await self._accept_all(listening)
        self._uvicorn[number](number, None)

    async def _accept_all(self, listening: list[socket.socket]) -> None:
        """Wait until connections in the accept queue are accepted; closing the sockets would reset them."""
        deadline = self._loop.time() + ACCEPT_SECONDS
        await asyncio.sleep(HANDSHAKE_SECONDS)
        while somebody_waits(listening) and self._loop.time() < deadline:  # noqa: ASYNC110 - the kernel sends no event
            await asyncio.sleep(0.01)
