"""Replicas of a service that are started and stopped as a Deployment does it: one more first, then one less."""

import asyncio
import signal
from contextlib import ExitStack
from pathlib import Path

from callers import eventually
from cluster_service import ClusterService
from live_service import LiveService, live_service

from system.service_process import ServiceProcess

DRAIN = {"DRAIN_DELAY": "3", "SHUTDOWN_TIMEOUT": "10", "DATABASE_POOL_SIZE": "4"}


class Replicas:
    """Processes behind one address; all end with `stack`."""

    def __init__(self, like: ServiceProcess, service: ClusterService, stack: ExitStack, folder: Path) -> None:
        self.service = service
        self.running: list[LiveService] = []
        self.like = like
        self._stack = stack
        self._folder = folder
        self._number = 0

    async def start(self, count: int) -> None:
        """Start so many more, and return when the Service knows that they are ready."""
        for _ in range(count):
            self._number += 1
            log = self._folder / f"replica-{self._number}.log"
            replica = self._stack.enter_context(live_service(self.like, log, **DRAIN))
            self.running.append(replica)
            await replica.becomes(200)
            self.service.add(replica)

            async def is_known(replica: LiveService = replica) -> bool:
                return self.service.knows_as_ready(replica)

            await eventually(is_known)

    async def update(self) -> None:
        """Replace all, one after the other: maxSurge 1, maxUnavailable 0."""
        for old in list(self.running):
            await self.start(1)
            self.running.remove(old)
            old.process.send_signal(signal.SIGTERM)
            await self.service.forget(old)
            assert await ended(old) == 0

    def kill(self) -> None:
        """Kill one, as a machine would; the Service learns of it by its probe."""
        self.running.pop(0).process.kill()


async def ended(replica: LiveService) -> int:
    """Wait for the end of a replica and return its exit code."""

    async def is_over() -> bool:
        return replica.process.poll() is not None

    await eventually(is_over)
    return int(await asyncio.to_thread(replica.process.wait))
