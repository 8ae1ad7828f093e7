"""Many connections to a real process: they cannot shut others out, and leave nothing behind once closed."""

import asyncio
import socket
from pathlib import Path

import pytest

from ..process_memory import resident_mib
from ..raw_http import answer_to, reset_when_closed, statuses
from .serving import lines, served

DESCRIPTORS = 256
FEW = f"""
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({DESCRIPTORS}, {DESCRIPTORS}))
from chassis.process.server import serve
from sample_service.settings import Settings
serve("sample_service.main:create_app", Settings())
"""
HEALTH = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
HEAD = b"GET /health/live HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 30_000


def open_connections(url: str, count: int) -> list[socket.socket]:
    return [socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1]))) for _ in range(count)]


@pytest.mark.parametrize("begun", [b"", b"GET /health/li", HEAD])
async def test_closes_idle_connections_before_descriptors_run_out(tmp_path: Path, begun: bytes) -> None:
    log = tmp_path / "log"
    async with served(log, "-c", FEW, HEADER_TIMEOUT="600") as (_, url):
        connections = await asyncio.to_thread(open_connections, url, DESCRIPTORS + 200)
        for connection in connections:
            try:
                connection.sendall(begun)
            except ConnectionError:
                continue  # already closed to make room
        for _ in range(20):
            assert statuses(await answer_to(url, HEALTH)) == [200]
        warnings = [line["message"] for line in lines(log) if line["level"] == "WARNING"]
        for connection in connections:
            connection.close()
    assert any("connections are open" in warning for warning in warnings)


async def test_reset_connections_leave_no_memory_behind(tmp_path: Path) -> None:
    async with served(tmp_path / "log") as (process, url):
        await asyncio.to_thread(leave_quickly, url, 200)
        before = resident_mib(process.pid)
        await asyncio.to_thread(leave_quickly, url, 3_000)
        assert resident_mib(process.pid) - before < 20, "each connection leaked about 30 kB"


def leave_quickly(url: str, times: int) -> None:
    for _ in range(times):
        [connection] = open_connections(url, 1)
        connection.sendall(HEAD)
        reset_when_closed(connection)
        connection.close()
