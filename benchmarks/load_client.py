"""A load generator for machines without wrk: `load_client.py URL FILE CONNECTIONS SECONDS`, prints JSON as wrk's does.

One process, one socket protocol for each connection, requests prepared as bytes. It takes several times the CPU of wrk,
so absolute figures are lower with it; the fastest server is held back most, which flatters whoever is compared with it.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import cast

END_OF_HEAD = b"\r\n\r\n"
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
SUCCESS = b"HTTP/1.1 2"


class Connection(asyncio.Protocol):
    """Sends a request, waits for the whole answer, sends the next."""

    def __init__(self, requests: Iterator[bytes], latencies: list[float], failures: list[bytes]) -> None:
        self._requests, self._latencies, self._failures = requests, latencies, failures
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        """Send the next request if the answer to the last is complete."""
        self._answer += data
        head, found, body = self._answer.partition(END_OF_HEAD)
        length = CONTENT_LENGTH.search(head)
        if not found or (length and len(body) < int(length[1])):
            return
        self._latencies.append(time.perf_counter() - self._sent)
        if not head.startswith(SUCCESS):
            self._failures.append(head)
        self._answer = b""
        self._send()

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(next(self._requests))


def prepared(file: Path, host: str) -> list[bytes]:
    """Read the requests and write them out as HTTP/1.1."""
    lines = [line.split("\t") for line in file.read_text().splitlines()]
    return [_request(host, *line).encode() for line in lines]


def _request(host: str, method: str, path: str, body: str, token: str) -> str:
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{bearer}{_entity(body)}"


def _entity(body: str) -> str:
    headers = f"Content-Type: application/json\r\nContent-Length: {len(body.encode())}\r\n" if body else ""
    return f"{headers}\r\n{body}"


async def main(url: str, file: str, connections: str, seconds: str) -> None:
    """Put the load and print what came of it."""
    address = url.removeprefix("http://")
    host, _, port = address.partition(":")
    requests = cycle(prepared(Path(file), address))
    latencies: list[float] = []
    failures: list[bytes] = []
    begin = time.perf_counter()
    for _ in range(int(connections)):
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: Connection(requests, latencies, failures), host, int(port))
    await asyncio.sleep(float(seconds))
    took = time.perf_counter() - begin
    latencies.sort()
    result = {
        "requests": len(latencies),
        "seconds": took,
        "failed": len(failures),
        "p50_ms": latencies[len(latencies) // 2] * 1000 if latencies else 0,
        "p99_ms": latencies[len(latencies) * 99 // 100] * 1000 if latencies else 0,
    }
    print("RESULT", json.dumps(result))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
