"""A service at a terminal can be debugged like any program; anywhere else its output is log lines."""

import asyncio
import os
import pty
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from processes.ports import free_ports

from ..sample_process import SERVICE_FOLDER, python_path

PATIENCE = 60
SERVE = """
from chassis.process.server import serve
from sample_service.settings import Settings
serve("stopping:build", Settings())
"""
STOPPING = """
from sample_service.main import create_app

def build():
    app = create_app()

    @app.get("/stop")
    async def stop(number: int) -> int:
        print("about to stop")
        breakpoint()
        return number

    return app
"""


class Terminal:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._shown = b""

    def press(self, keys: bytes) -> None:
        os.write(self._descriptor, keys)

    async def read_until(self, text: bytes) -> bytes:
        async with asyncio.timeout(PATIENCE):
            while text not in self._shown:
                self._shown += await asyncio.to_thread(os.read, self._descriptor, 4096)
        before, _, self._shown = self._shown.partition(text)
        return before + text


@asynccontextmanager
async def served(folder: Path, *, types: bool = True, **environment: str) -> AsyncIterator[tuple[Terminal, str]]:
    """Yield a service at a terminal that accepts input, and its URL."""
    (folder / "stopping.py").write_text(STOPPING)
    port = next(free_ports())
    ours, its = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVE),
        cwd=SERVICE_FOLDER,
        env=os.environ | {"PYTHONPATH": python_path(folder), "PORT": str(port), "DRAIN_DELAY": "0"} | environment,
        stdin=its if types else asyncio.subprocess.DEVNULL,
        stdout=its,
        stderr=its,
    )
    os.close(its)
    try:
        yield Terminal(ours), f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        await process.wait()
        os.close(ours)


async def status_of(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as client, client.get(url) as response:
        return response.status, await response.text()


async def test_breakpoint_opens_the_debugger_at_a_terminal(tmp_path: Path) -> None:
    async with served(tmp_path) as (terminal, url):
        await terminal.read_until(b"Uvicorn running on")
        asked = asyncio.create_task(status_of(f"{url}/stop?number=7"))
        before = await terminal.read_until(b"(Pdb) ")
        assert b"\nabout to stop\r\n" in before
        assert b"stopping.py(" in before
        terminal.press(b"p number * 6\n")
        assert b"\n42\r\n" in await terminal.read_until(b"(Pdb) ")
        terminal.press(b"number = 8\n")
        await terminal.read_until(b"(Pdb) ")
        terminal.press(b"c\n")
        async with asyncio.timeout(PATIENCE):
            assert await asked == (200, "8")


@pytest.mark.parametrize("case", ["production", "no terminal"])
async def test_prints_log_lines_in_production_or_without_a_terminal(case: str, tmp_path: Path) -> None:
    how = {"ENVIRONMENT": "production", "AUTHENTICATION": "off", "POSTGRES_PASSWORD": "known to nobody"}
    if case != "production":
        how["ENVIRONMENT"] = "development"
    async with served(tmp_path, types=case == "production", PYTHONBREAKPOINT="0", **how) as (terminal, url):
        await terminal.read_until(b"Uvicorn running on")
        async with asyncio.timeout(PATIENCE):
            assert await status_of(f"{url}/stop?number=7") == (200, "7")
        assert b'"message":"about to stop"' in await terminal.read_until(b'about to stop"')
