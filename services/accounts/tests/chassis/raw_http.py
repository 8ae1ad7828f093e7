"""HTTP by hand: requests that no client would send, and clients that leave in the middle."""

import asyncio
import re
import socket
import struct
from urllib.parse import urlsplit


async def connection_to(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    where = urlsplit(url)
    return await asyncio.open_connection(where.hostname, where.port)


async def answer_to(url: str, *parts: bytes, half_close: bool = False) -> bytes:
    """All that comes back until the connection is closed; the parts of the request are segments of their own."""
    reader, writer = await connection_to(url)
    for part in parts:
        writer.write(part)
        await asyncio.sleep(0.05 if len(parts) > 1 else 0)
    if half_close:
        writer.write_eof()
    async with asyncio.timeout(60):
        answer = await reader.read()
    writer.close()
    return answer


def statuses(answers: bytes) -> list[int]:
    """The statuses of all responses in what a connection brought, in their order."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)]


def reset_when_closed(connection: socket.socket) -> None:
    """Let its end be a reset, as that of a process that is killed with unread data."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
