"""How services begin and end: with a database that is not there yet, under load, as several at once."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

import aiohttp
import asyncpg
import pytest
from callers import USERS, Caller, eventually
from databases import busy_connections, database_of
from live_service import LiveService, live_service

from postgres_server import PostgresServer, superuser_of
from service_process import ServiceProcess
from system import System

CLIENTS = 50
GRACE_SECONDS = 8
MIGRATIONS_AT_ONCE = 10


@pytest.fixture
def like(system: System) -> ServiceProcess:
    """The service that the processes of these tests are like."""
    return system.services["users"]


@pytest.fixture
async def administrator(postgres: PostgresServer) -> AsyncIterator[asyncpg.Connection]:
    """The superuser of the server."""
    server = superuser_of(postgres.socket_folder)
    connection = await asyncpg.connect(host=server["POSTGRES_HOST"], user=server["POSTGRES_USER"], database="postgres")
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def empty_database(administrator: asyncpg.Connection) -> AsyncIterator[str]:
    """A database without a schema, made by the superuser."""
    name = f"empty_{uuid4().hex}"
    await administrator.execute(f"CREATE DATABASE {name}")
    try:
        yield name
    finally:
        await administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def ended(service: LiveService) -> int:
    """Wait for the end of a service and return its exit code."""

    async def is_over() -> bool:
        return service.process.poll() is not None

    await eventually(is_over, within=GRACE_SECONDS)
    return int(service.process.returncode)


async def ask_until_told_to_leave(url: str, statuses: list[int]) -> None:
    """Ask again and again over one connection that is kept alive, until the service closes it."""
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
            await eventually(partial(is_under_load, statuses), within=5)
            service.process.send_signal(signal.SIGTERM)
            ready = await prober.get("/health/ready")
            assert (ready.status, ready.body["reason"]) == (503, "draining"), "from the signal on"
            await asyncio.gather(*clients)  # raises what a client saw
        assert set(statuses) == {200}
        assert await ended(service) == 0
        access = [line for line in service.lines if line["logger"] == "access" and line["url.path"] == USERS]
        assert len(access) == len(statuses), "each answer is a line and each line an answer"


async def test_finishes_a_slow_request_and_then_ends(like: ServiceProcess, tmp_path: Path) -> None:
    patience = {f"DATABASE_{name}": "20" for name in ("LOCK_TIMEOUT", "STATEMENT_TIMEOUT", "TIMEOUT")}
    with live_service(like, tmp_path / "log", **patience) as service:
        await service.becomes(200)
        async with database_of(like) as blocker, Caller(service.url) as caller:
            async with blocker.transaction():
                await blocker.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
                slow = asyncio.create_task(caller.get(USERS))
                await eventually(partial(busy_connections, blocker), within=5)
                service.process.send_signal(signal.SIGTERM)
                await eventually(partial(is_closed, int(service.url.rsplit(":", 1)[1])), within=5)
                assert not slow.done()
            assert (await slow).status == 200
        assert await ended(service) == 0


async def is_closed(port: int) -> bool:
    """Whether nobody listens on a port."""
    try:
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return True
    writer.close()
    return False


async def test_becomes_ready_once_its_database_is_reachable(
    like: ServiceProcess, postgres: PostgresServer, tmp_path: Path
) -> None:
    road = tmp_path / "socket"
    with live_service(like, tmp_path / "log", POSTGRES_HOST=str(road)) as service:
        assert await service.becomes(503) == "database-unavailable"
        async with Caller(service.url) as caller:
            assert (await caller.get("/health/live")).status == 200
            assert (await caller.get(USERS)).problem == "database-unavailable"
        road.symlink_to(postgres.socket_folder)
        await service.becomes(200, within=3)


@asynccontextmanager
async def role_with_password(administrator: asyncpg.Connection, password: str) -> AsyncIterator[str]:
    """A role that the server asks for its password, unlike all others."""
    role = f"r{uuid4().hex}"
    await administrator.execute(f"CREATE ROLE {role} LOGIN SUPERUSER PASSWORD '{password}'")
    rules = Path(await administrator.fetchval("SHOW hba_file"))
    before = rules.read_bytes()  # noqa: ASYNC240 - a small file on a local disk
    rules.write_bytes(f"local all {role} scram-sha-256\n".encode() + before)  # noqa: ASYNC240
    await administrator.execute("SELECT pg_reload_conf()")
    try:
        yield role
    finally:
        rules.write_bytes(before)  # noqa: ASYNC240
        await administrator.execute("SELECT pg_reload_conf()")
        await administrator.execute(f"DROP ROLE {role}")


async def test_becomes_ready_once_its_password_is_right(
    like: ServiceProcess, administrator: asyncpg.Connection, tmp_path: Path
) -> None:
    theirs, ours = "correct-horse", "battery-staple"
    async with role_with_password(administrator, theirs) as role:
        with live_service(like, tmp_path / "log", POSTGRES_USER=role, POSTGRES_PASSWORD=ours) as service:
            assert await service.becomes(503) == "database-login-refused"
            async with Caller(service.url) as caller:
                assert (await caller.get("/health/live")).status == 200
                assert (await caller.get(USERS)).problem == "database-unavailable"
            await administrator.execute(f"ALTER ROLE {role} PASSWORD '{ours}'")
            await service.becomes(200, within=3)
        assert ours not in str(service.lines)


async def test_becomes_ready_once_its_database_is_migrated(
    like: ServiceProcess, administrator: asyncpg.Connection, tmp_path: Path
) -> None:
    async with empty_database(administrator) as name:
        patience = {"DATABASE_CONNECT_TIMEOUT": "10", "DATABASE_TIMEOUT": "20"}
        database = {"POSTGRES_DB": name, "POSTGRES_USER": "postgres", **patience}
        with live_service(like, tmp_path / "serve.log", **database) as service:
            assert await service.becomes(503) == "database-not-migrated"
            with live_service(like, tmp_path / "check.log", command="check", **database) as check:
                assert await finished(check) == 1
                assert check.lines[-1]["message"] == "not ready: database-not-migrated"
            with live_service(like, tmp_path / "migrate.log", command="migrate", **database) as migrate:
                assert await finished(migrate) == 0
            await service.becomes(200, within=3)


async def finished(command: LiveService) -> int:
    """Wait for the end of a command that ends by itself and return its exit code."""
    return await asyncio.to_thread(command.process.wait, 60)


async def test_any_number_may_migrate_at_once(
    like: ServiceProcess, administrator: asyncpg.Connection, tmp_path: Path
) -> None:
    async with empty_database(administrator) as name:
        database = {"POSTGRES_DB": name, "POSTGRES_USER": "postgres"}
        with ExitStack() as stack:
            commands = [
                stack.enter_context(live_service(like, tmp_path / f"{number}.log", command="migrate", **database))
                for number in range(MIGRATIONS_AT_ONCE)
            ]
            assert [await finished(command) for command in commands] == [0] * MIGRATIONS_AT_ONCE
            messages = Counter(line["message"] for command in commands for line in command.lines)
        upgrades = {message: count for message, count in messages.items() if message.startswith("Running upgrade")}
        assert upgrades
        assert set(upgrades.values()) == {1}, "each migration ran once"
        assert messages["schema is at head"] == MIGRATIONS_AT_ONCE


async def test_a_migration_without_a_database_fails_in_one_line(like: ServiceProcess, tmp_path: Path) -> None:
    with live_service(like, tmp_path / "log", command="migrate", POSTGRES_HOST="/nowhere") as command:
        assert await finished(command) == 1
        assert [line["level"] for line in command.lines if line["level"] != "INFO"] == ["ERROR"]


async def test_several_workers_serve_and_stop(like: ServiceProcess, tmp_path: Path) -> None:
    with live_service(like, tmp_path / "log", WEB_CONCURRENCY="2") as service:
        await service.becomes(200)
        async with Caller(service.url) as caller:
            answers = await asyncio.gather(*(caller.get(USERS) for _ in range(20)))
        assert {answer.status for answer in answers} == {200}
        service.process.send_signal(signal.SIGTERM)
        assert await ended(service) == 0
        assert {line["service"] for line in service.lines} == {"users"}
        assert not {line["level"] for line in service.lines} & {"ERROR", "CRITICAL"}


async def test_a_port_in_use_ends_the_start_with_a_line_that_says_so(like: ServiceProcess, tmp_path: Path) -> None:
    with live_service(like, tmp_path / "log", PORT=str(like.port)) as service:
        assert await finished(service) != 0
        assert any("address already in use" in line["message"] for line in service.lines)
