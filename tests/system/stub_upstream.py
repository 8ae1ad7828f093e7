"""An upstream service whose responses a test sets, down to the byte."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

MEGABYTE: Final = 2**20
JSON: Final = "application/json"


class StubUpstream:
    """A server that handles every request with its current behaviour, and counts requests and open connections."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.url = ""
        self.requests = self.most_connections = 0
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def connections(self) -> int:
        """The number of open connections."""
        return len(self._writers)

    def hang_up(self) -> None:
        """Close all connections."""
        for writer in self._writers:
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle the requests of one connection."""
        self._writers.add(writer)
        self.most_connections = max(self.connections, self.most_connections)
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.requests += 1
                await self.behaviour(reader, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.remove(writer)
            writer.close()


@asynccontextmanager
async def stub_upstream(behaviour: Behaviour) -> AsyncIterator[StubUpstream]:
    """Serve on a free port and yield the stub."""
    stub = StubUpstream(behaviour)
    server = await asyncio.start_server(stub.serve, "127.0.0.1", 0)
    stub.url = "http://{}:{}".format(*server.sockets[0].getsockname())
    try:
        yield stub
    finally:
        server.close()
        stub.hang_up()


def answering(body: bytes, *, status: int = 200, content_type: str = JSON, header: str = "X-Stub: yes") -> Behaviour:
    """Return a behaviour that sends a complete response."""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: {content_type}\r\n{header}\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    return answer


def document(content: object) -> Behaviour:
    """Return a behaviour that responds with JSON."""
    return answering(json.dumps(content).encode())


async def not_http(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Respond with bytes that are not HTTP."""
    writer.write(b"\x00\x01\x02 what?\r\n\r\n")
    writer.close()


async def half_an_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send half of a response, and nothing more."""
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"exist')
    await writer.drain()
    await reader.read()


async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Never respond; end when the caller disconnects."""
    await reader.read()


async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close the connection instead of responding."""
    writer.close()
