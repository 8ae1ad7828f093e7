"""A queue that is first come, first served; SQLAlchemy's pool lets a newcomer overtake those who wait."""

import asyncio
from collections import deque
from collections.abc import Callable


class FairQueue:
    """Lets `size` in at a time; who has waited for `wait` seconds gets the error that `refusal` makes.

    As asyncio.Semaphore within asyncio.timeout(), which together take longer than a short statement.
    """

    def __init__(self, size: int, *, wait: float, refusal: Callable[[], Exception]) -> None:
        self._free = size
        self._queue: deque[asyncio.Future[None]] = deque()
        self._wait = wait
        self._refusal = refusal

    async def __aenter__(self) -> None:
        if self._free:  # then nobody waits: a place that becomes free goes to the first in the queue
            self._free -= 1
            return
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._queue.append(turn)
        timer = loop.call_later(self._wait, self._refuse, turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and not turn.exception():  # its turn had come at the same moment
                self._leave()
            raise
        finally:
            timer.cancel()

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    def _leave(self) -> None:
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def _refuse(self, turn: asyncio.Future[None]) -> None:
        if not turn.done():
            turn.set_exception(self._refusal())
