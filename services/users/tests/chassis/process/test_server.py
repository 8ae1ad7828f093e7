"""A server as a process: it responds until it is told to stop, alone or with several workers."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from ..raw_http import answer_to, connection_to
from ..sample_process import SERVICE_FOLDER, python_path
from .serving import PATIENCE, lines, messages, served

FAILING = """
def build():
    async def application(scope, receive, send):
        raise OSError("planted")
    return application
"""
SLOW_WORKER = """
import sys, time
if "--multiprocessing-fork" in sys.orig_argv:
    time.sleep(7)
"""
SERVE = """
from chassis.process.server import serve
from sample_service.settings import Settings
serve("failing:build", Settings())
"""
SERVE_IMPATIENTLY = """
from chassis.process import server
from sample_service.settings import Settings
server.WORKER_ANSWER_SECONDS = 4
server.serve("sample_service.main:create_app", Settings())
"""


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_serves_until_it_is_told_to_stop(tmp_path: Path, workers: str) -> None:
    log = tmp_path / "log"
    how = {"WEB_CONCURRENCY": workers, "HOST": "localhost", "DRAIN_DELAY": "0", "LOG_LEVEL": "DEBUG"}
    async with served(log, **how) as (process, url):
        async with aiohttp.ClientSession(url) as client, client.get("/health/live") as response:
            assert response.status == 200
            assert "Server" not in response.headers, "the server header must not reveal the software"
        assert b"content-type: application/problem+json" in await answer_to(url, b"nonsense\r\n\r\n")
        async with asyncio.timeout(PATIENCE):  # the other worker may still be starting
            while len(messages(log, "Application startup complete")) < int(workers):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == 0
    warnings = {line["message"] for line in lines(log) if line["level"] in {"WARNING", "ERROR", "CRITICAL"}}
    assert not warnings
    assert len(messages(log, "Uvicorn running on http://localhost:")) == 1
    assert len(messages(log, "Started server process")) == int(workers)
    assert len(messages(log, "Started parent process")) == (0 if workers == "1" else 1)


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_exits_with_a_code_if_the_application_fails_to_start(tmp_path: Path, workers: str) -> None:
    (tmp_path / "failing.py").write_text(FAILING)
    search = {"PYTHONPATH": python_path(tmp_path), "PORT": "0", "WEB_CONCURRENCY": workers}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVE),
        cwd=SERVICE_FOLDER,
        env=os.environ | search,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE):
        output, _ = await process.communicate()
    assert process.returncode == 3
    assert b"OSError: planted" in output


async def test_waits_for_a_worker_that_starts_slowly(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SLOW_WORKER)
    log, search = tmp_path / "log", python_path(tmp_path)
    async with (
        served(log, WEB_CONCURRENCY="2", PYTHONPATH=search, DRAIN_DELAY="0") as (_, url),
        aiohttp.ClientSession(url) as client,
        client.get("/health/live") as response,
    ):
        assert response.status == 200
    assert not [line for line in lines(log) if "died" in line["message"]]


async def test_replaces_a_hanging_worker(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with served(log, "-c", SERVE_IMPATIENTLY, WEB_CONCURRENCY="2", DRAIN_DELAY="0") as (_, url):
        async with asyncio.timeout(PATIENCE):
            while len(started := messages(log, "Started server process")) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        hanging = int(started[0].partition("[")[2].partition("]")[0])
        os.kill(hanging, signal.SIGSTOP)
        async with asyncio.timeout(PATIENCE):
            while len(messages(log, "Started server process")) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        async with aiohttp.ClientSession(url) as client, client.get("/health/live") as response:
            assert response.status == 200


async def test_trusts_forwarded_headers_of_configured_proxies_only(tmp_path: Path) -> None:
    log = tmp_path / "log"
    headers = {"X-Forwarded-For": "203.0.113.7"}
    for trusted, address in (("192.0.2.1", "127.0.0.1"), ("127.0.0.1", "203.0.113.7")):
        async with served(log, FORWARDED_ALLOW_IPS=trusted, DRAIN_DELAY="0") as (_, url):
            async with aiohttp.ClientSession(url) as client, client.get("/nowhere", headers=headers) as response:
                assert response.status == 404
            async with asyncio.timeout(PATIENCE):
                while not messages(log, "GET /nowhere 404"):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        assert [line["client.address"] for line in lines(log) if line["logger"] == "access"] == [address]


async def test_keeps_an_idle_connection_open(tmp_path: Path) -> None:
    async with served(tmp_path / "log", DRAIN_DELAY="0") as (_, url):
        reader, writer = await connection_to(url)
        for pause in (6, 0):  # uvicorn's default closes it after 5 seconds, and a proxy that reuses it would fail
            writer.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200")
            await asyncio.sleep(pause)
        writer.close()


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Yield a socket in place of the database that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(0)
        yield silent


async def test_stops_despite_idle_connections_and_endless_requests(tmp_path: Path, silent: socket.socket) -> None:
    limits = {"KEEP_ALIVE_TIMEOUT": "1", "SHUTDOWN_TIMEOUT": "1", "DRAIN_DELAY": "0"}
    database = {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": str(silent.getsockname()[1])}
    patience = {"DATABASE_TIMEOUT": "600", "DATABASE_CONNECT_TIMEOUT": "600"}
    async with served(tmp_path / "log", **limits, **database, **patience) as (process, url):
        reader, writer = await connection_to(url)
        writer.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.read(12)) == b"HTTP/1.1 200"
        answered = time.monotonic()
        await reader.read()  # until the connection is closed
        assert time.monotonic() - answered < 20, "the default keeps it open for 75 seconds"
        writer.close()

        async with aiohttp.ClientSession(url) as client:
            request = asyncio.create_task(client.get("/health/ready"))
            async with asyncio.timeout(PATIENCE):
                called, _ = await asyncio.get_running_loop().sock_accept(silent)
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(PATIENCE), await request as response:
                assert response.status == 503
                problem = await response.json(content_type="application/problem+json")
        assert problem["type"] == "/problems/shutting-down"
        called.close()
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == 0
