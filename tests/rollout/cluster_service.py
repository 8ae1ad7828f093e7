"""What a Service of Kubernetes does: leads new connections to replicas that are ready, and learns of changes late."""

import asyncio
import random
from typing import Self

from callers import Caller
from live_service import LiveService

PROBE_SECONDS = 1.0
LATE_SECONDS = 1.0
"""Until every node knows that a replica stops; DRAIN_DELAY has to be longer."""


class ClusterService:
    """An address in front of replicas that come and go; connections that are open stay where they are."""

    def __init__(self) -> None:
        self._ready: dict[LiveService, bool] = {}
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self._probing = asyncio.create_task(self._probe())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._probing.cancel()
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(self._probing, *self._serving, return_exceptions=True)
        await asyncio.sleep(0.1)  # until what was closed is gone

    def add(self, replica: LiveService) -> None:
        """Know a replica; it is chosen once it is ready."""
        self._ready[replica] = False

    async def forget(self, replica: LiveService) -> None:
        """Choose a replica no longer, from a while after it was asked to stop."""
        await asyncio.sleep(LATE_SECONDS)
        self._ready.pop(replica, None)

    def knows_as_ready(self, replica: LiveService) -> bool:
        """Say whether a replica may be chosen."""
        return self._ready.get(replica, False)

    async def _probe(self) -> None:
        while True:
            for replica in list(self._ready):
                is_ready = await _is_ready(replica)
                if replica in self._ready:
                    self._ready[replica] = is_ready
            await asyncio.sleep(PROBE_SECONDS)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        chosen = [replica for replica, is_ready in self._ready.items() if is_ready]
        writers = [writer]
        try:
            if chosen:
                replica = random.choice(chosen)  # noqa: S311 - as kube-proxy does
                onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", replica.port)
                writers.append(onward_writer)
                await asyncio.gather(_copy(reader, onward_writer), _copy(onward_reader, writer))
        except (OSError, asyncio.CancelledError):  # one side is gone; or the end, at which all are cancelled
            pass
        finally:
            for each in writers:
                each.close()


async def _is_ready(replica: LiveService) -> bool:
    try:
        async with Caller(replica.url) as caller:
            return (await caller.get("/health/ready")).status == 200
    except OSError:
        return False


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
