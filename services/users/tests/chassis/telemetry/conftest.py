"""Two services, one of which calls the other, and the collector that both send telemetry to."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from ..process.serving import PATIENCE, served
from ..sample_process import SERVICE_FOLDER, python_path
from .receiver import Receiver, receiving

PROGRAM: Final = SERVICE_FOLDER / "tests/chassis/telemetry/watched_service.py"
SOON: Final = {"OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_METRIC_EXPORT_INTERVAL": "200", "DRAIN_DELAY": "0"}


@asynccontextmanager
async def watched(log: Path, **environment: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A service with its traces and metrics."""
    path = python_path(PROGRAM.parent)
    async with served(log, str(PROGRAM), **{**SOON, "PYTHONPATH": path, **environment}) as running:
        yield running


async def stop(process: asyncio.subprocess.Process) -> float:
    """Stop the service; return how many seconds that took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(PATIENCE):
        assert await process.wait() == 0
    return loop.time() - began


@dataclass(frozen=True, kw_only=True)
class Pair:
    receiver: Receiver
    asking: str
    asked: str
    asking_log: Path
    asked_log: Path


@pytest.fixture(scope="module")
async def pair(
    tmp_path_factory: pytest.TempPathFactory, postgres: dict[str, str], database_name: str
) -> AsyncIterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(receiving())
        common = {**postgres, "POSTGRES_DB": database_name, "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url}
        asked_log, asking_log = folder / "asked", folder / "asking"
        _, asked = await stack.enter_async_context(watched(asked_log, OTEL_SERVICE_NAME="asked", **common))
        _, asking = await stack.enter_async_context(
            watched(asking_log, OTEL_SERVICE_NAME="asking", UPSTREAM_URL=asked, HTTP_CLIENT_RETRIES="1", **common)
        )
        yield Pair(receiver=receiver, asking=asking, asked=asked, asking_log=asking_log, asked_log=asked_log)


@pytest.fixture(autouse=True)
def nothing_of_opentelemetry_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
