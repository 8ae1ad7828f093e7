"""The first signal starts draining, the second one ends the wait."""

import asyncio
import logging
import signal
import time
from collections.abc import Iterator
from types import FrameType

import pytest

from chassis.database import Database
from chassis.process.draining import Draining
from chassis.process.health import Health


@pytest.fixture
def received() -> Iterator[list[int]]:
    """Return the signals that reach the handler below ours, which in a service is uvicorn's."""
    signals: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        signals.append(number)

    before = signal.signal(signal.SIGTERM, note)
    yield signals
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def health(database: Database) -> Health:
    return Health(database)


async def test_passes_a_signal_on_after_the_drain_delay(health: Health, received: list[int]) -> None:
    async with Draining(health, delay=0.5):
        asked = time.monotonic()
        signal.raise_signal(signal.SIGTERM)
        assert health.draining
        while not received and time.monotonic() - asked < 20:  # noqa: ASYNC110 - set by a signal handler
            await asyncio.sleep(0.01)
        assert time.monotonic() - asked >= 0.5
        assert received == [signal.SIGTERM]


async def test_second_signal_ends_the_drain_delay(health: Health, received: list[int]) -> None:
    async with Draining(health, delay=0.1):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        assert received == [signal.SIGTERM]
        await asyncio.sleep(0.15)


async def test_restores_the_signal_handler(health: Health, received: list[int]) -> None:
    async with Draining(health, delay=60):
        pass
    signal.raise_signal(signal.SIGTERM)
    assert received == [signal.SIGTERM]
    assert not health.draining


async def test_signal_handler_does_not_log(
    health: Health, received: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    """It may have interrupted the writing of a log line."""
    caplog.set_level(logging.INFO)
    async with Draining(health, delay=0):
        signal.raise_signal(signal.SIGTERM)
        assert caplog.messages == []
        for _ in range(5):  # let the event loop run
            await asyncio.sleep(0.005)
        (record,) = caplog.records
        assert record.name == "chassis.process.draining"
        assert (record.levelno, record.getMessage()) == (logging.INFO, "draining for 0 s after SIGTERM")
        assert received == [signal.SIGTERM]


async def test_works_outside_of_the_main_thread(health: Health) -> None:
    async def enter_and_leave() -> None:
        async with Draining(health, delay=0):
            pass

    await asyncio.to_thread(asyncio.run, enter_and_leave())
