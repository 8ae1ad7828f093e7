"""The health check of a container, run as in the Dockerfile."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from ..sample_process import SERVICE_FOLDER
from .serving import PATIENCE, needs_ipv6, served


async def checked(**environment: str) -> tuple[int | None, str]:
    """Return the exit code and output of a check in this environment."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "src/chassis/process/health_check.py"),
        cwd=SERVICE_FOLDER,
        env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(PATIENCE):
        output, _ = await process.communicate()
    return process.returncode, output.decode()


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "", "0.0.0.0"),  # noqa: S104 - as in the image
        *(pytest.param(host, marks=needs_ipv6) for host in ("::", "::1")),
    ],
)
async def test_checks_the_configured_host_and_port(
    tmp_path: Path, postgres: dict[str, str], database_name: str, host: str
) -> None:
    database = postgres | {"POSTGRES_DB": database_name}
    listening = {"HOST": host} if host else {}
    async with served(tmp_path / "log", **database, **listening, DRAIN_DELAY="0") as (process, url):
        port = url.rpartition(":")[2]
        assert await checked(HOST=host, PORT=port) == (0, "")
        process.terminate()
        await process.wait()
    code, output = await checked(HOST=host, PORT=port)
    assert (code, output.partition(":")[0]) == (1, "ConnectionRefusedError")


async def test_fails_if_the_service_is_not_ready(tmp_path: Path) -> None:
    async with served(tmp_path / "log", POSTGRES_HOST="/nowhere", DRAIN_DELAY="0") as (_, url):
        code, output = await checked(HOST="127.0.0.1", PORT=url.rpartition(":")[2])
    assert code == 1
    assert '"reason":"database-unavailable"' in output
