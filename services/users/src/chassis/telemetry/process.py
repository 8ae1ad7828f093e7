"""Measure the process: lag of the event loop, garbage collection, and dropped log lines."""

import asyncio
import gc
import time
from collections.abc import Iterable
from typing import Final, Self

from opentelemetry import metrics

from chassis.measurements import Measurement, Reading
from chassis.standard_output import standard_output

LOOK_SECONDS: Final = 0.25

_lag = metrics.get_meter("chassis").create_histogram(
    "chassis.event_loop.lag",
    unit="s",
    description="How late the event loop runs what is due.",
    explicit_bucket_boundaries_advisory=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)


class EventLoopLag:
    """Measures regularly how late the event loop is, within its context."""

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()

    async def _look(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + LOOK_SECONDS
            await asyncio.sleep(LOOK_SECONDS)
            _lag.record(max(0.0, clock() - due))


class GarbageCollection:
    """Adds up the time of garbage collection, which blocks the process, within its context.

    It only adds to a number, since the garbage collector may run in the middle of the SDK's own code.
    """

    def __init__(self) -> None:
        self._started = self._seconds = 0.0

    def __enter__(self) -> Self:
        gc.callbacks.append(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        gc.callbacks.remove(self._count)

    def _count(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._started = time.perf_counter()
        else:
            self._seconds += time.perf_counter() - self._started

    def measurements(self) -> list[Measurement]:
        """Return the measurements of the number and the time of collections."""
        return [
            Measurement(
                name="cpython.gc.collections",
                unit="{collection}",
                description="Number of garbage collections.",
                read=_collections,
                kind="total",
            ),
            Measurement(
                name="chassis.gc.time",
                unit="s",
                description="Time that garbage collection has blocked the process.",
                read=lambda: [(self._seconds, {})],
                kind="total",
            ),
        ]


def _collections() -> Iterable[Reading]:
    return [(each["collections"], {"cpython.gc.generation": number}) for number, each in enumerate(gc.get_stats())]


def log_measurements() -> list[Measurement]:
    """Return the measurement of dropped log lines."""
    output = standard_output()
    return [
        Measurement(
            name="chassis.log.lines.dropped",
            unit="{line}",
            description="Log lines dropped because standard output was not read.",
            read=lambda: [(output.lost if output else 0, {})],
            kind="total",
        )
    ]
