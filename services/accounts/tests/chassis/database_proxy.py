"""A proxy to the database server that can stop all traffic, like a firewall or a frozen machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path


class DatabaseProxy:
    """A proxy that forwards bytes while `open` is set."""

    def __init__(self, host: str, port: int) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self._host = host
        self._port = port
        self._tasks: set[asyncio.Task[None]] = set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward the bytes of one connection in both directions."""
        if self._host.startswith("/"):
            there = await asyncio.open_unix_connection(f"{self._host}/.s.PGSQL.{self._port}")
        else:
            there = await asyncio.open_connection(self._host, self._port)
        for source, target in ((reader, there[1]), (there[0], writer)):
            task = asyncio.create_task(self._pass_on(source, target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                await self.open.wait()
                target.write(data)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            target.close()

    async def close(self) -> None:
        """Close all connections."""
        for task in tuple(self._tasks):
            task.cancel()
        while self._tasks:
            with suppress(asyncio.CancelledError):
                await asyncio.wait(self._tasks)


@asynccontextmanager
async def proxy_to(host: str, port: int, folder: Path) -> AsyncIterator[DatabaseProxy]:
    """Yield a proxy with a Unix socket in `folder` that leads to the server."""
    road = DatabaseProxy(host, port)
    server = await asyncio.start_unix_server(road.connected, folder / ".s.PGSQL.5432")
    try:
        yield road
    finally:
        server.close()
        await road.close()
