"""Raw HTTP: requests that no client library sends, and clients that disconnect in the middle."""

import asyncio
import re
import socket
import struct
from urllib.parse import urlsplit


async def connection_to(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    where = urlsplit(url)
    return await asyncio.open_connection(where.hostname, where.port)


async def answer_to(url: str, *parts: bytes, half_close: bool = False) -> bytes:
    """Return all bytes until the connection is closed; each part of the request is sent as its own segment."""
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
    """Return the statuses of all responses in the bytes of a connection, in order."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)]


def reset_when_closed(connection: socket.socket) -> None:
    """Make closing send a reset, as the kernel does for a killed process with unread data."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
