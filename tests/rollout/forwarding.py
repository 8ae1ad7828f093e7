"""Accepts connections on a port and forwards each to where a function leads."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Forwarder:
    """A port of this machine; a connection stays with the target it was opened to."""

    def __init__(self, connect: Callable[[], Awaitable[Streams]]) -> None:
        """`connect` opens a connection to the target; if it raises `OSError`, the client's is closed."""
        self._connect = connect
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self.close_connections()
        await asyncio.sleep(0.1)  # until the closed transports are gone

    async def close_connections(self) -> None:
        """Close every open connection, on both sides."""
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        writers = [writer]
        try:
            target_reader, target_writer = await self._connect()
            writers.append(target_writer)
            await asyncio.gather(_copy(reader, target_writer), _copy(target_reader, writer))
        except (OSError, asyncio.CancelledError):  # one side is gone, or `close_connections`
            pass
        finally:
            for each in writers:
                each.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
