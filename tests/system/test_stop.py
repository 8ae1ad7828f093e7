"""How services stop: under load, with a slow request, with several workers."""

import asyncio
import signal
from functools import partial
from pathlib import Path

import aiohttp
from callers import USERS, Caller, eventually
from databases import busy_connections, database_of
from live_service import PATIENT, LiveService, live_service

from system.service_process import ServiceProcess

CLIENTS = 50


async def ended(service: LiveService) -> int:
    """Wait for the end of a service and return its exit code."""

    async def is_over() -> bool:
        return service.process.poll() is not None

    await eventually(is_over)
    return int(service.process.returncode)


async def ask_until_told_to_leave(url: str, statuses: list[int]) -> None:
    """Send requests over one keep-alive connection until the service closes it."""
    async with aiohttp.ClientSession(url, connector=aiohttp.TCPConnector(limit=1)) as session:
        while True:
            async with session.get(USERS, params={"limit": 1}) as response:
                await response.read()
                statuses.append(response.status)
                if response.headers.get("Connection") == "close":
                    return


async def is_under_load(statuses: list[int]) -> bool:
    return len(statuses) > 3 * CLIENTS


async def test_loses_no_request_when_stopped_under_load(like: ServiceProcess, tmp_path: Path) -> None:
    with live_service(like, tmp_path / "log", DRAIN_DELAY="3") as service:
        await service.becomes(200)
        statuses: list[int] = []
        async with Caller(service.url, connections=1) as prober:
            clients = [asyncio.create_task(ask_until_told_to_leave(service.url, statuses)) for _ in range(CLIENTS)]
            await eventually(partial(is_under_load, statuses))
            service.process.send_signal(signal.SIGTERM)
            ready = await prober.get("/health/ready")
            assert (ready.status, ready.body["reason"]) == (503, "draining"), "the shutdown must be within the limit"
            await asyncio.gather(*clients)  # raises the error of a client
        assert set(statuses) == {200}
        assert await ended(service) == 0
        access = [line for line in service.lines if line["logger"] == "access" and line["url.path"] == USERS]
        assert len(access) == len(statuses), "responses and access lines must match one to one"


async def test_finishes_a_slow_request_before_it_exits(like: ServiceProcess, tmp_path: Path) -> None:
    with live_service(like, tmp_path / "log", **PATIENT) as service:
        await service.becomes(200)
        async with database_of(like) as blocker, Caller(service.url) as caller:
            async with blocker.transaction():
                await blocker.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
                slow = asyncio.create_task(caller.get(USERS))
                await eventually(partial(busy_connections, blocker))
                service.process.send_signal(signal.SIGTERM)
                await eventually(partial(is_closed, service.port))
                assert not slow.done()
            assert (await slow).status == 200
        assert await ended(service) == 0


async def is_closed(port: int) -> bool:
    """Return whether nothing listens on a port."""
    try:
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return True
    writer.close()
    return False


async def test_several_workers_serve_and_stop(like: ServiceProcess, tmp_path: Path) -> None:
    with live_service(like, tmp_path / "log", WEB_CONCURRENCY="2") as service:
        await service.becomes(200)
        async with Caller(service.url) as caller:
            answers = await asyncio.gather(*(caller.get(USERS) for _ in range(20)))
        assert {answer.status for answer in answers} == {200}
        service.process.send_signal(signal.SIGTERM)
        assert await ended(service) == 0
        assert {line["service"] for line in service.lines} == {"users"}
        assert not [line for line in service.lines if line["level"] in {"ERROR", "CRITICAL"}]
