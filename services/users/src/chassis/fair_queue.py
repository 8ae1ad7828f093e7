"""A first-come, first-served queue. SQLAlchemy's pool lets newcomers overtake those that wait."""

import asyncio
import time
from collections.abc import Callable

from opentelemetry import metrics

from chassis.measurements import Measurement

_wait_time = metrics.get_meter("chassis").create_histogram(
    "chassis.queue.wait_time",
    unit="s",
    description="Time that requests waited in the queue, without those that did not wait.",
    explicit_bucket_boundaries_advisory=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


class FairQueue:
    """Lets `size` in at a time. After `wait` seconds in the queue, entering raises the error from `refusal`.

    `name` is the name of the queue in metrics.
    """

    def __init__(self, size: int, *, wait: float, refusal: Callable[[], Exception], name: str) -> None:
        self._places = asyncio.Semaphore(size)
        self._size = size
        self._wait = wait
        self._refusal = refusal
        self._attributes = {"chassis.queue.name": name}
        self._waiting = self._refused = 0

    async def __aenter__(self) -> None:
        if not self._places.locked():  # no need for a timer
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
        """Return the measurements of its size, use, waiting and refused requests."""
        about = self._attributes
        return [
            Measurement(
                name="chassis.queue.limit",
                unit="{place}",
                description="Places that can be in use at a time.",
                read=lambda: [(self._size, about)],
                kind="sum",
            ),
            Measurement(
                name="chassis.queue.used",
                unit="{place}",
                description="Places in use.",
                read=lambda: [(self._size - self._places._value, about)],  # noqa: SLF001 - counting would cost each request
                kind="sum",
            ),
            Measurement(
                name="chassis.queue.waiting",
                unit="{request}",
                description="Requests that wait for a place.",
                read=lambda: [(self._waiting, about)],
                kind="sum",
            ),
            Measurement(
                name="chassis.queue.refused",
                unit="{request}",
                description="Requests refused after waiting for a place.",
                read=lambda: [(self._refused, about)],
                kind="total",
            ),
        ]
