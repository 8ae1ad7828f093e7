"""Clients that a service must survive. Each attack is a coroutine that runs repeatedly until it is stopped.

It is a separate program, `python -m soak.attacks NAME PORT`, so that it does not slow the honest client down.
"""

import asyncio
import contextlib
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from processes.ports import HOST

MIB: Final = 2**20
HEAD: Final = b"Host: x\r\nContent-Type: application/json\r\n"
HEALTH: Final = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"
USERS: Final = b"POST /api/v1/users HTTP/1.1\r\n" + HEAD
BODY_TOO_LATE: Final = USERS + b"Content-Length: 1000\r\n\r\n{"
Attack = Callable[[int], Awaitable[None]]


async def unknown_keys(port: int) -> None:
    """Send 1 MiB of unknown field names."""
    keys = ",".join(f'"{number:07}":0' for number in range(90_000))
    await _post(port, b"{" + keys.encode() + b"}")


async def wrong_types(port: int) -> None:
    """Send 1 MiB of values of the wrong type."""
    await _post(port, b"[" + b"1," * 500_000 + b"1]")


async def invalid_json(port: int) -> None:
    """Send 1 MiB of truncated JSON."""
    await _post(port, b'{"username": "' + b"x" * (MIB - 100))


async def deep_json(port: int) -> None:
    """Send 1 MiB of nested arrays."""
    await _post(port, b"[" * (MIB // 2) + b"]" * (MIB // 2))


async def endless_header(port: int) -> None:
    """Send an endless header value."""
    await _flood(port, HEALTH + b"X: ", b"x" * MIB)


async def endless_target(port: int) -> None:
    """Send an endless request line."""
    await _flood(port, b"GET /", b"x" * MIB)


async def endless_trailers(port: int) -> None:
    """Send endless trailer fields."""
    start = b"POST /api/v1/users HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    await _flood(port, start, b"X: y\r\n" * 50_000)


async def endless_body(port: int) -> None:
    """Send endless chunks."""
    start = b"POST /api/v1/users HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    await _flood(port, start, b"10000\r\n" + b" " * 65_536 + b"\r\n")


async def resets(port: int) -> None:
    """Send half a request, then reset the connection."""
    for _ in range(50):
        _, writer = await asyncio.open_connection(HOST, port)
        writer.write(HEALTH + b"X: " + b"x" * 30_000)
        await asyncio.sleep(0)
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


async def silence(port: int) -> None:
    """Open connections and send nothing."""
    await _hold(port, b"")


async def half_heads(port: int) -> None:
    """Open connections and never finish the request head."""
    await _hold(port, HEALTH + b"X: " + b"x" * 1000)


async def half_bodies(port: int) -> None:
    """Announce bodies and never send them."""
    await _hold(port, BODY_TOO_LATE)


async def unread_answers(port: int) -> None:
    """Send requests and never read the responses."""
    await _hold(port, b"GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 20, connections=20)


async def pipelines(port: int) -> None:
    """Pipeline thousands of requests on one connection."""
    await _send(port, (HEALTH + b"\r\n") * 5_000)


async def upgrades(port: int) -> None:
    """Ask for an upgrade to another protocol, with a body."""
    wish = USERS + b"Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\n{}"
    await _send(port, wish * 50 + HEALTH + b"Connection: close\r\n\r\n")


async def nonsense(port: int) -> None:
    """Send a request, then bytes that are not HTTP."""
    await _send(port, HEALTH + b"\r\n" + b"\x16\x03\x01nonsense\r\n\r\n")


async def odd_paths(port: int) -> None:
    """Request paths that are expensive to log."""
    path = b"/api/v1/users/" + b'%253D%0A\\"password=' * 500
    await _send(port, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")


async def forged_addresses(port: int) -> None:
    """Send very long X-Forwarded-For headers through a trusted proxy."""
    await _send(port, HEALTH[:-2] + b"\r\nX-Forwarded-For: " + b"1.2.3.4, " * 6_000 + b"\r\nConnection: close\r\n\r\n")


ATTACKS: Final[dict[str, Attack]] = {
    attack.__name__: attack
    for attack in (
        unknown_keys, wrong_types, invalid_json, deep_json,
        endless_header, endless_target, endless_trailers, endless_body,
        resets, silence, half_heads, half_bodies, unread_answers,
        pipelines, upgrades, nonsense, odd_paths, forged_addresses,
    )
}  # fmt: skip


async def _post(port: int, body: bytes) -> None:
    await _send(port, USERS + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


async def _send(port: int, request: bytes) -> None:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(request)
    await reader.read()
    writer.close()


async def _flood(port: int, start: bytes, more: bytes) -> None:
    """Send until the other side stops reading, at most 144 MiB."""
    _, writer = await asyncio.open_connection(HOST, port)
    writer.write(start)
    for _ in range(144 * MIB // len(more)):
        writer.write(more)
        await writer.drain()
    writer.close()


async def _hold(port: int, beginning: bytes, connections: int = 100) -> None:
    """Open connections and keep them idle for a while."""
    with _connections(port, connections) as opened:
        for connection in opened:
            with contextlib.suppress(OSError):
                connection.sendall(beginning)
        await asyncio.sleep(5)


@contextmanager
def _connections(port: int, count: int) -> Iterator[list[socket.socket]]:
    connections = []
    try:
        for _ in range(count):
            connections.append(socket.create_connection((HOST, port), timeout=5))  # noqa: PERF401 - closed if one fails
        yield connections
    finally:
        for connection in connections:
            connection.close()


async def _repeat(attack: Attack, port: int, parallel: int = 4) -> None:
    async def again_and_again() -> None:
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await attack(port)

    await asyncio.gather(*(again_and_again() for _ in range(parallel)))


if __name__ == "__main__":
    asyncio.run(_repeat(ATTACKS[sys.argv[1]], int(sys.argv[2])))
