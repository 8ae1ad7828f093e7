"""A queue that is first come, first served; SQLAlchemy's pool lets a newcomer overtake those who wait."""

import asyncio
from collections.abc import Callable


class FairQueue:
    """Lets `size` in at a time; who has waited for `wait` seconds gets the error that `refusal` makes."""

    def __init__(self, size: int, *, wait: float, refusal: Callable[[], Exception]) -> None:
        self._places = asyncio.Semaphore(size)
        self._wait = wait
        self._refusal = refusal

    async def __aenter__(self) -> None:
        if not self._places.locked():  # nobody waits: no timer is needed
            await self._places.acquire()
            return
        try:
            async with asyncio.timeout(self._wait):
                await self._places.acquire()
        except TimeoutError:
            raise self._refusal() from None

    async def __aexit__(self, *_: object) -> None:
        self._places.release()
