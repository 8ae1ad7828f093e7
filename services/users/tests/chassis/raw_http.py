"""HTTP by hand: requests that no client would send, and clients that leave in the middle."""

import asyncio
from urllib.parse import urlsplit


async def connection_to(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    where = urlsplit(url)
    return await asyncio.open_connection(where.hostname, where.port)


async def answer_to(url: str, request: bytes) -> bytes:
    """All that comes back until the connection is closed."""
    reader, writer = await connection_to(url)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer
