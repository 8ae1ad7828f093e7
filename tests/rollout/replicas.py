"""Replicas of a service, started and stopped as by a Deployment: one more first, then one less."""

import asyncio
import copy
import signal
from contextlib import ExitStack
from pathlib import Path

from callers import eventually
from cluster_service import ClusterService
from live_service import LiveService, live_service

from system.service_folder import ServiceFolder
from system.service_process import ServiceProcess

DRAIN = {"DRAIN_DELAY": "3", "SHUTDOWN_TIMEOUT": "10", "DATABASE_POOL_SIZE": "4"}


class Replicas:
    """Processes behind one address; all end with `stack`."""

    def __init__(self, like: ServiceProcess, service: ClusterService, stack: ExitStack, folder: Path) -> None:
        """`folder`: for their logs."""
        self.service = service
        self.running: list[LiveService] = []
        self.like = like
        self._stack = stack
        self._folder = folder
        self._number = 0

    async def start(self, count: int) -> None:
        """Start this many more, and return once the Service knows that they are ready."""
        for _ in range(count):
            replica = self._run("serve")
            self.running.append(replica)
            await replica.becomes(200)
            self.service.add(replica)
            await self.is_chosen(replica)

    async def update(self, release: ServiceFolder) -> None:
        """Migrate, then replace all replicas one after the other: maxSurge 1, maxUnavailable 0."""
        await self.migrate(release)
        for old in list(self.running):
            await self.start(1)
            self.running.remove(old)
            old.process.send_signal(signal.SIGTERM)
            await self.service.forget(old)
            assert await _ended(old) == 0

    async def migrate(self, release: ServiceFolder) -> None:
        """Migrate the schema to a release; replicas that start from now on are of this release."""
        self.like = copy.copy(self.like)
        self.like.service = release
        migration = self._run("migrate")
        assert await _ended(migration) == 0, migration.log.read_text(encoding="utf-8")

    def kill(self) -> None:
        """Kill one with SIGKILL; the Service learns of it by its probe."""
        self.running.pop(0).process.kill()

    async def is_chosen(self, replica: LiveService, *, chosen: bool = True) -> None:
        """Wait until the Service may choose a replica, or chooses it no longer."""

        async def is_so() -> bool:
            return self.service.knows_as_ready(replica) is chosen

        await eventually(is_so)

    def _run(self, command: str) -> LiveService:
        self._number += 1
        log = self._folder / f"{command}-{self._number}.log"
        return self._stack.enter_context(live_service(self.like, log, command=command, **DRAIN))


async def _ended(process: LiveService) -> int:
    """Wait for the end of a process and return its exit code."""

    async def is_over() -> bool:
        return process.process.poll() is not None

    await eventually(is_over)
    return int(await asyncio.to_thread(process.process.wait))
