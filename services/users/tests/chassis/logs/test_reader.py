"""A service responds and stops whatever the reader of its log does; lines of workers are never interleaved."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from processes.ports import free_ports

from ..sample_process import SERVICE_FOLDER, python_path

PATIENCE = 60
SHUTDOWN_TIMEOUT = 20
SERVE = """
from chassis.process.server import serve
from sample_service.settings import Settings
serve("talkative:build", Settings())
"""
TALKATIVE = """
import logging
from sample_service.main import create_app

def build():
    app = create_app()

    @app.get("/trace")
    async def trace(size: int) -> None:
        try:
            raise ValueError("x" * size)
        except ValueError:
            logging.exception("failed")

    @app.get("/print")
    async def say() -> None:
        print("printed", 1, {"password": "planted"})
        print("a line\\nand another", end="")
        print()

    return app
"""


@asynccontextmanager
async def served(folder: Path, output: int, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Yield a service that writes its log to the descriptor."""
    (folder / "talkative.py").write_text(TALKATIVE)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVE),
        cwd=SERVICE_FOLDER,
        env=os.environ
        | {"PYTHONPATH": python_path(folder), "DRAIN_DELAY": "0", "SHUTDOWN_TIMEOUT": str(SHUTDOWN_TIMEOUT)}
        | environment,
        stdout=output,
        stderr=output,
    )
    os.close(output)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def client_of(port: int) -> aiohttp.ClientSession:
    """Yield a client once the service responds."""
    client = aiohttp.ClientSession(f"http://127.0.0.1:{port}", timeout=aiohttp.ClientTimeout(PATIENCE))
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                async with client.get("/health/live"):
                    return client
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)


async def all_of(descriptor: int) -> bytes:
    reader = asyncio.StreamReader(limit=2**26)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb")
    )
    return await reader.read()


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.thorough)])
async def test_serves_and_stops_if_nobody_reads_the_log(tmp_path: Path, workers: str) -> None:
    reader, writer = os.pipe()
    port = next(free_ports())
    async with served(tmp_path, writer, PORT=str(port), WEB_CONCURRENCY=workers) as process:
        client = await client_of(port)
        for _ in range(300):
            async with client.get("/sample/items") as response:
                assert response.status == 200
        async with client.get("/print") as response:
            assert response.status == 200
        async with client.get("/health/live") as response:
            assert response.status == 200
        await client.close()
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(SHUTDOWN_TIMEOUT):
            await process.wait()
    os.close(reader)


async def test_serves_and_stops_if_the_log_reader_exits(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    port = next(free_ports())
    async with served(tmp_path, writer, PORT=str(port)) as process:
        client = await client_of(port)
        os.close(reader)
        for _ in range(3):
            async with client.get("/sample/items") as response:
                assert response.status == 200
        await client.close()
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == 0


@pytest.mark.parametrize("workers", [pytest.param("1", marks=pytest.mark.thorough), "2"])
async def test_lines_of_several_workers_are_never_interleaved(tmp_path: Path, workers: str) -> None:
    reader, writer = os.pipe()
    port = next(free_ports())
    async with served(tmp_path, writer, PORT=str(port), WEB_CONCURRENCY=workers) as process:
        text = asyncio.create_task(all_of(reader))
        client = await client_of(port)

        async def ask(size: int) -> None:
            async with client.get("/trace", params={"size": size}, headers={"Connection": "close"}) as response:
                assert response.status == 200

        for _ in range(10):
            await asyncio.gather(*(ask(size) for size in (10, 5_000, 12_000) * 10))
        async with client.get("/print") as response:
            assert response.status == 200
        await client.close()
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            await process.wait()
            lines = [json.loads(line) for line in (await text).decode().splitlines()]
    assert len([line for line in lines if line["message"] == "failed"]) == 300
    assert len([line for line in lines if line["logger"] == "access" and line["url.path"] == "/trace"]) == 300
    printed = [line["message"] for line in lines if line["logger"] == "stdout"]
    assert printed == ["printed 1 {'password': '[redacted]'}", "a line", "and another"]
