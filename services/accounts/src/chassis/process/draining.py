"""The end of a process: SIGTERM turns `ready` to 503, what is in flight finishes, and only then connections close."""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, Self

from .health import Health

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

logger = logging.getLogger(__name__)


class Draining:
    """Delays uvicorn's shutdown by `delay` seconds after the first signal, in which `health` says "draining".

    Load balancers see that before the listener closes; keep-alive clients are told to leave by `Connection: close`.
    A second signal ends the wait.
    """

    def __init__(self, health: Health, *, delay: float) -> None:
        self._health = health
        self._delay = delay
        self._uvicorn: dict[int, Callable[[int, FrameType | None], Any]] = {}

    async def __aenter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._loop = asyncio.get_running_loop()
            for number in SIGNALS:
                handler = signal.getsignal(number)
                if callable(handler):
                    self._uvicorn[number] = handler
                    signal.signal(number, self._handle)
        return self

    async def __aexit__(self, *_: object) -> None:
        for number, handler in self._uvicorn.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._health.draining:
            self._uvicorn[number](number, frame)
            return
        self._health.draining = True
        # The rest does not belong in a signal handler: it may have interrupted the writing of a log line.
        self._loop.call_soon_threadsafe(self._begin, number)

    def _begin(self, number: int) -> None:
        logger.info("draining for %s s after %s", self._delay, signal.Signals(number).name)
        self._loop.call_later(self._delay, self._uvicorn[number], number, None)
