"""Send spans and metrics while the application runs. Neither requests nor shutdown wait for it."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from typing import Final, Self

from chassis.measurements import Measurement
from chassis.settings import ChassisSettings

from .process import EventLoopLag, GarbageCollection, log_measurements
from .trouble import report_trouble

STOP_SECONDS: Final = 0.9
"""Seconds that shutdown waits for the last data to be sent."""

ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
PROTOCOL: Final = "OTEL_EXPORTER_OTLP_PROTOCOL"
ONLY_PROTOCOL: Final = "http/protobuf"

logger = logging.getLogger(__name__)


class Telemetry:
    """OpenTelemetry's SDK, if an endpoint is set. Enter it before everything that is recorded, and leave it last.

    Each worker process has its own. OpenTelemetry's own variables configure all but the endpoint.
    """

    def __init__(self, settings: ChassisSettings, measurements: Iterable[Measurement]) -> None:
        self._settings = settings
        self._garbage_collection = GarbageCollection()
        self._measurements = [*measurements, *self._garbage_collection.measurements(), *log_measurements()]
        self._running = AsyncExitStack()
        self._stops: list[Callable[[], object]] = []

    async def __aenter__(self) -> Self:
        if self._settings.sends_traces or self._settings.sends_metrics:
            report_trouble()
            self._start()
        if self._stops:
            self._running.enter_context(self._garbage_collection)
            await self._running.enter_async_context(EventLoopLag())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._running.aclose()
        end_within(STOP_SECONDS, self._stops)

    def _start(self) -> None:
        from .providers import start_metrics, start_traces  # noqa: PLC0415 - the import is slow, and often not needed

        os.environ.setdefault(ENDPOINT, self._settings.otel_exporter_otlp_endpoint)
        identity = self._settings.identity
        if self._settings.sends_traces:
            self._start_one("traces", lambda: start_traces(identity))
        if self._settings.sends_metrics:
            self._start_one("metrics", lambda: start_metrics(identity, self._measurements))
        if (protocol := os.environ.get(PROTOCOL) or ONLY_PROTOCOL) != ONLY_PROTOCOL:
            logger.warning("%s=%s is not supported; using %s", PROTOCOL, protocol, ONLY_PROTOCOL)

    def _start_one(self, name: str, start: Callable[[], Callable[[], object]]) -> None:
        try:
            self._stops.append(start())
        except (ValueError, RuntimeError) as error:  # from a variable that OpenTelemetry does not check
            logger.error("%s are off: %s", name, " ".join(str(error).split()))  # noqa: TRY400 - the message says it all


def end_within(seconds: float, stops: Iterable[Callable[[], object]]) -> None:
    """Call all of them in parallel, and abandon those that take longer: the SDK waits for up to 30 s."""
    deadline = time.monotonic() + seconds
    threads = [threading.Thread(target=stop, name="telemetry-stop", daemon=True) for stop in stops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    if any(thread.is_alive() for thread in threads):
        logger.warning("the last telemetry data could not be sent within %s s", seconds)
