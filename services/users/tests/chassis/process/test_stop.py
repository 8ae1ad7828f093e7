"""How a service stops, alone or with workers: every request that was sent gets a response."""

import asyncio
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ..raw_http import connection_to
from .serving import PATIENCE, lines, listens, messages, needs_ipv6, served, until_said, workers_of

CLIENTS = 20
ASK = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
CLING = b"GET /sample/clings HTTP/1.1\r\nHost: x\r\n\r\n"
UPLOAD = b"POST /sample/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"


async def ended(process: asyncio.subprocess.Process) -> int:
    async with asyncio.timeout(PATIENCE):
        return await process.wait()


async def ask_until_refused(url: str, outcomes: Counter[str]) -> None:
    """Send one request after another, each on its own connection, until no connection is accepted."""
    while True:
        try:
            reader, writer = await connection_to(url)
        except ConnectionRefusedError:
            return
        try:
            writer.write(ASK)
            outcomes[(await reader.read()).partition(b"\r\n")[0].decode() or "nothing"] += 1
        except ConnectionError as error:
            outcomes[type(error).__name__] += 1
        finally:
            writer.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can drop attempts to connect")
@pytest.mark.parametrize(
    ("workers", "host", "kill"),
    [
        ("1", "127.0.0.1", os.kill),
        ("2", "127.0.0.1", os.kill),
        pytest.param("2", "127.0.0.1", os.killpg, marks=pytest.mark.thorough),
        pytest.param("1", "::1", os.kill, marks=needs_ipv6),
    ],
)
async def test_loses_no_request_on_shutdown(tmp_path: Path, workers: str, host: str, kill: object) -> None:
    assert callable(kill)
    log, outcomes = tmp_path / "log", Counter[str]()
    async with served(log, WEB_CONCURRENCY=workers, HOST=host) as (process, url):
        await workers_of(log, int(workers))
        clients = [asyncio.create_task(ask_until_refused(url, outcomes)) for _ in range(CLIENTS)]
        async with asyncio.timeout(PATIENCE):
            while outcomes.total() < 10 * CLIENTS:  # noqa: ASYNC110 - clients note what they see
                await asyncio.sleep(0.01)
            kill(process.pid, signal.SIGTERM)
            await asyncio.gather(*clients)
        assert set(outcomes) == {"HTTP/1.1 200 OK"}, outcomes
        assert await ended(process) == 0


async def test_signal_to_the_process_group_does_not_end_the_drain_delay(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with served(log, WEB_CONCURRENCY="2", DRAIN_DELAY="6") as (process, url):
        await workers_of(log, 2)
        os.killpg(process.pid, signal.SIGTERM)
        await until_said(log, "Terminated child process", 2)  # each of them got the signal twice
        await until_said(log, "draining for 6.0 s after SIGTERM", 2)
        await asyncio.sleep(1)  # time in which the second signal would close the sockets
        reader, writer = await connection_to(url)
        writer.write(ASK)
        assert (await reader.read()).startswith(b"HTTP/1.1 200 OK")
        writer.close()
        assert await ended(process) == 0
    assert len(messages(log, "draining")) == 2
    assert not [line for line in lines(log) if line["level"] in {"WARNING", "ERROR", "CRITICAL"}]


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_responds_503_and_logs_requests_that_exceed_the_shutdown_timeout(tmp_path: Path, workers: str) -> None:
    log = tmp_path / "log"
    limits = {"SHUTDOWN_TIMEOUT": "1", "DRAIN_DELAY": "0"}
    async with served(log, WEB_CONCURRENCY=workers, **limits) as (process, url):
        await workers_of(log, int(workers))
        requests = [await connection_to(url) for _ in range(8)]
        for _, writer in requests:
            writer.write(CLING)
        await asyncio.sleep(0.5)  # until the requests are in progress
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            for reader, writer in requests:
                answer = await reader.read()
                assert answer.startswith(b"HTTP/1.1 503 ")
                assert b"/problems/shutting-down" in answer
                writer.close()
        assert await ended(process) == 0
    assert [line["http.response.status_code"] for line in lines(log) if line["logger"] == "access"] == [503] * 8


async def test_workers_stop_if_their_parent_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with served(log, WEB_CONCURRENCY="2", DRAIN_DELAY="0") as (process, url):
        workers = await workers_of(log, 2)
        reader, writer = await connection_to(url)
        writer.write(UPLOAD)
        await asyncio.sleep(0.5)  # until the request is in progress
        process.kill()
        await until_said(log, "draining for 0.0 s after the parent's exit", 2)
        writer.write(b"body")
        assert (await reader.read()).startswith(b"HTTP/1.1 200 OK"), "a request in progress must finish"
        writer.close()
        where = urlsplit(url)
        async with asyncio.timeout(PATIENCE):
            while await listens(str(where.hostname), where.port or 0) or any(map(runs, workers)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    assert len(messages(log, "Finished server process")) == 2


def runs(pid: int) -> bool:
    """Return whether the process exists and is not a zombie."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text("utf-8")
    except OSError:
        return False


async def test_replaces_a_killed_worker(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with served(log, WEB_CONCURRENCY="2", DRAIN_DELAY="0") as (process, _):
        os.kill((await workers_of(log, 2))[0], signal.SIGKILL)
        await workers_of(log, 3)
        process.terminate()
        assert await ended(process) == 0


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTTOU], ids=["restart all", "remove one"])
async def test_drains_a_worker_that_is_restarted_or_removed(tmp_path: Path, number: signal.Signals) -> None:
    log = tmp_path / "log"
    async with served(log, WEB_CONCURRENCY="2", DRAIN_DELAY="0", SHUTDOWN_TIMEOUT="30") as (process, url):
        await workers_of(log, 2)
        requests = [await connection_to(url) for _ in range(8)]
        for _, writer in requests:
            writer.write(UPLOAD)
        await asyncio.sleep(0.5)  # until the requests are in progress
        os.killpg(process.pid, number) if number == signal.SIGHUP else process.send_signal(number)
        await until_said(log, "draining for 0.0 s after SIGTERM")
        for reader, writer in requests:
            writer.write(b"body")
            assert (await reader.readuntil(b"\r\n\r\n4")).startswith(b"HTTP/1.1 200 OK")
            writer.close()
        gone = 2 if number == signal.SIGHUP else 1
        await until_said(log, "Finished server process", gone)
        reader, writer = await connection_to(url)
        writer.write(ASK)
        assert (await reader.read()).startswith(b"HTTP/1.1 200 OK"), "the other workers must keep serving"
        writer.close()
        process.terminate()
        assert await ended(process) == 0
    assert not [line for line in lines(log) if line["level"] in {"WARNING", "ERROR", "CRITICAL"}]


async def test_additional_worker_serves(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with served(log, WEB_CONCURRENCY="2", DRAIN_DELAY="0") as (process, _):
        await workers_of(log, 2)
        process.send_signal(signal.SIGTTIN)
        await workers_of(log, 3)
        process.terminate()
        assert await ended(process) == 0
    assert len(messages(log, "Finished server process")) == 3


async def test_drains_if_the_terminal_is_closed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with served(log, DRAIN_DELAY="0") as (process, _):
        process.send_signal(signal.SIGHUP)
        assert await ended(process) == 0
    assert len(messages(log, "draining for 0.0 s after SIGTERM")) == 1


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_second_ctrl_c_stops_at_once(tmp_path: Path, workers: str) -> None:
    log = tmp_path / "log"
    limits = {"SHUTDOWN_TIMEOUT": "600", "DRAIN_DELAY": "600"}
    async with served(log, WEB_CONCURRENCY=workers, **limits) as (process, url):
        await workers_of(log, int(workers))
        _, writer = await connection_to(url)
        writer.write(UPLOAD)
        for _ in range(2):
            os.killpg(process.pid, signal.SIGINT)
            await until_said(log, "draining for 600.0 s after SIGINT", int(workers))
        assert await ended(process) == 0
        writer.close()
