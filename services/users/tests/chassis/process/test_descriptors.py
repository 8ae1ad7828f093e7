"""File descriptors: standard streams that are closed at startup, and too few descriptors."""

from pathlib import Path

import aiohttp
import pytest

from .serving import messages, served, workers_of

CLOSED = """
import os, sys
for number in map(int, sys.argv[1].split(",")):
    os.close(number)
os.execv(sys.executable, [sys.executable, "-m", "sample_service", "serve"])
"""
FEW = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (120, 120))
os.execv(sys.executable, [sys.executable, "-m", "sample_service", "serve"])
"""


@pytest.mark.parametrize(
    ("closed", "workers"),
    [
        *(("0", "1"), ("1", "1"), ("2", "1"), ("0,1,2", "1"), ("0,1,2", "2")),
        *(pytest.param(closed, "2", marks=pytest.mark.thorough) for closed in ("0", "1", "2")),
    ],
)
async def test_serves_without_standard_streams(tmp_path: Path, closed: str, workers: str) -> None:
    log = tmp_path / "log"
    async with served(log, "-c", CLOSED, closed, WEB_CONCURRENCY=workers, DRAIN_DELAY="0") as (process, url):
        if "1" not in closed:
            await workers_of(log, int(workers))
        async with aiohttp.ClientSession(url) as client, client.get("/health/live") as response:
            assert response.status == 200
        process.terminate()
        assert await process.wait() == 0
    assert "1" not in closed or not log.read_bytes()


async def test_warns_if_few_descriptors_are_left_for_clients(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with served(log, "-c", FEW, DATABASE_POOL_SIZE="11", HTTP_CLIENT_CONCURRENCY="30", DRAIN_DELAY="0"):
        pass
    (message,) = messages(log, "few file descriptors: ")
    assert "of RLIMIT_NOFILE=120 (`ulimit -n`), up to 82 are used by DATABASE_POOL_SIZE=11" in message
    assert message.endswith("HTTP_CLIENT_CONCURRENCY=30 and the process itself, which leaves 30 for clients")
