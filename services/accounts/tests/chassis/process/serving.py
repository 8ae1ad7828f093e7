"""The sample as a process of its own, and its output."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from processes.ports import free_ports

from ..sample_process import PACKAGE, SERVICE_FOLDER, python_path

PATIENCE: Final = 60


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="IPv6 is not available")


@asynccontextmanager
async def served(log: Path, *program: str, **environment: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Yield the process of the sample (or of another program) once it listens, and its base URL; it writes to `log`.

    The process leads its own process group.
    """
    port = next(free_ports())
    host = environment.get("HOST", "127.0.0.1")
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *(program or ("-m", PACKAGE, "serve"))),
            cwd=SERVICE_FOLDER,
            env=os.environ | {"PYTHONPATH": python_path(), "PORT": str(port)} | environment,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        async with asyncio.timeout(PATIENCE):
            while not await listens(host, port):
                assert process.returncode is None, lines(log)
                await asyncio.sleep(0.05)
        yield process, f"http://{f'[{host}]' if ':' in host else host}:{port}"
    finally:
        if process.returncode is None:
            process.terminate()  # not killed, because its workers would outlive it
            await process.wait()


async def listens(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


def lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


def messages(log: Path, beginning: str) -> list[str]:
    return [line["message"] for line in lines(log) if line["message"].startswith(beginning)]


async def until_said(log: Path, beginning: str, times: int = 1) -> list[str]:
    """Return the messages with this beginning, once there are `count` of them."""
    async with asyncio.timeout(PATIENCE):
        while len(said := messages(log, beginning)) < times:  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.05)
    return said


async def workers_of(log: Path, count: int) -> list[int]:
    """Return the sorted process ids of the workers, once there are `count` and all of them serve."""
    await until_said(log, "Application startup complete", count)
    started = await until_said(log, "Started server process", count)
    return [int(message.partition("[")[2].partition("]")[0]) for message in started]
