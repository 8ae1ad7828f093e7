"""A queue that is first come, first served; SQLAlchemy's pool lets a newcomer overtake those who wait."""

import asyncio
import time
from collections.abc import Callable

from opentelemetry import metrics

from chassis.measurements import Measurement

_wait_time = metrics.get_meter("chassis").create_histogram(
    "chassis.queue.wait_time",
    unit="s",
    description="How long those waited for a place who did not get one at once.",
    explicit_bucket_boundaries_advisory=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


class FairQueue:
    """Lets `size` in at a time; who has waited for `wait` seconds gets the error that `refusal` makes.

    `name` says in metrics what is queued for.
    """

    def __init__(self, size: int, *, wait: float, refusal: Callable[[], Exception], name: str) -> None:
        self._places = asyncio.Semaphore(size)
        self._size = size
        self._wait = wait
        self._refusal = refusal
        self._attributes = {"chassis.queue.name": name}
        self._waiting = self._refused = 0

    async def __aenter__(self) -> None:
        if not self._places.locked():  # nobody waits: no timer is needed
            await self._places.acquire()
            return
        started = time.perf_counter()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait):
                await self._places.acquire()
        except TimeoutError:
            self._refused += 1
            raise self._refusal() from None
        finally:
            self._waiting -= 1
            _wait_time.record(time.perf_counter() - started, self._attributes)

    async def __aexit__(self, *_: object) -> None:
        self._places.release()

    def measurements(self) -> list[Measurement]:
        """How full it is, and how many were turned away."""
        about = self._attributes
        return [
            Measurement(
                name="chassis.queue.limit",
                unit="{place}",
                description="How many may be inside at a time.",
                read=lambda: [(self._size, about)],
                kind="sum",
            ),
            Measurement(
                name="chassis.queue.used",
                unit="{place}",
                description="How many are inside.",
                read=lambda: [(self._size - self._places._value, about)],  # noqa: SLF001 - to count costs each request
                kind="sum",
            ),
            Measurement(
                name="chassis.queue.waiting",
                unit="{request}",
                description="How many wait for a place.",
                read=lambda: [(self._waiting, about)],
                kind="sum",
            ),
            Measurement(
                name="chassis.queue.refused",
                unit="{request}",
                description="How many waited in vain.",
                read=lambda: [(self._refused, about)],
                kind="total",
            ),
        ]
