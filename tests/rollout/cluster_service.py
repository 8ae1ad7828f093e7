"""Acts as a Service of Kubernetes: leads new connections to replicas that are ready, and learns of changes late."""

import asyncio
import random
from typing import Self

import aiohttp
from callers import Caller
from forwarding import Forwarder, Streams
from live_service import LiveService

PROBE_SECONDS = 1.0
PROBE_TIMEOUT = 3.0
PROBE_FAILURES = 2
"""As in the Deployment, but for the period, which is 5 s there."""
LATE_SECONDS = 1.0
"""Until every node knows that a replica stops; DRAIN_DELAY has to be longer."""


class ClusterService:
    """An address in front of replicas that come and go; open connections stay where they are."""

    def __init__(self) -> None:
        self._ready: dict[LiveService, bool] = {}
        self._probes: list[asyncio.Task[None]] = []
        self._forwarder = Forwarder(self._connect)

    async def __aenter__(self) -> Self:
        await self._forwarder.__aenter__()
        self.url = f"http://127.0.0.1:{self._forwarder.port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ready.clear()
        for probe in self._probes:
            probe.cancel()
        await asyncio.gather(*self._probes, return_exceptions=True)
        await self._forwarder.__aexit__()

    def add(self, replica: LiveService) -> None:
        """Probe a replica from now on; it is chosen once it is ready."""
        self._ready[replica] = False
        self._probes.append(asyncio.create_task(self._probe(replica)))

    async def forget(self, replica: LiveService) -> None:
        """Stop choosing a replica, some time after it was asked to stop."""
        await asyncio.sleep(LATE_SECONDS)
        self._ready.pop(replica, None)

    def knows_as_ready(self, replica: LiveService) -> bool:
        """Return whether a replica may be chosen."""
        return self._ready.get(replica, False)

    async def _probe(self, replica: LiveService) -> None:
        failures = 0
        while replica in self._ready:
            failures = 0 if await _is_ready(replica) else failures + 1
            if replica in self._ready and (failures == 0 or failures >= PROBE_FAILURES):
                self._ready[replica] = failures == 0
            await asyncio.sleep(PROBE_SECONDS)

    async def _connect(self) -> Streams:
        chosen = [replica for replica, is_ready in self._ready.items() if is_ready]
        if not chosen:
            raise ConnectionRefusedError
        replica = random.choice(chosen)  # noqa: S311 - as kube-proxy does
        return await asyncio.open_connection("127.0.0.1", replica.port)


async def _is_ready(replica: LiveService) -> bool:
    try:
        async with asyncio.timeout(PROBE_TIMEOUT), Caller(replica.url) as caller:
            return (await caller.get("/health/ready")).status == 200
    except (OSError, aiohttp.ClientError):  # OSError: TimeoutError, too
        return False
