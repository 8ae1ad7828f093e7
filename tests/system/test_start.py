"""How services start with a database that is missing or not migrated, and with a port that is in use."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from callers import USERS, Caller
from live_service import LiveService, live_service

from postgres.server import PostgresServer, superuser_of
from system.service_process import ServiceProcess

MIGRATIONS_AT_ONCE = 4


@pytest.fixture
async def administrator(postgres: PostgresServer) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection as the superuser of the server."""
    server = superuser_of(postgres.socket_folder)
    connection = await asyncpg.connect(host=server["POSTGRES_HOST"], user=server["POSTGRES_USER"], database="postgres")
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def empty_database(administrator: asyncpg.Connection) -> AsyncIterator[str]:
    """Yield a database without a schema, created by the superuser."""
    name = f"empty_{uuid4().hex}"
    await administrator.execute(f"CREATE DATABASE {name}")
    try:
        yield name
    finally:
        await administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


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
        await service.becomes(200)


@asynccontextmanager
async def role_with_password(administrator: asyncpg.Connection, password: str) -> AsyncIterator[str]:
    """Yield a role that needs a password, unlike all others."""
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


async def test_becomes_ready_once_its_password_is_correct(
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
            await service.becomes(200)
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
            await service.becomes(200)


async def finished(command: LiveService) -> int:
    """Wait until a command ends by itself and return its exit code."""
    return await asyncio.to_thread(command.process.wait, 60)


async def test_concurrent_migrations_run_once(
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
        assert set(upgrades.values()) == {1}, "each migration must run once"
        assert messages["schema is at head"] == MIGRATIONS_AT_ONCE


async def test_migrate_fails_in_one_line_without_a_database(like: ServiceProcess, tmp_path: Path) -> None:
    with live_service(like, tmp_path / "log", command="migrate", POSTGRES_HOST="/nowhere") as command:
        assert await finished(command) == 1
        assert [line["level"] for line in command.lines if line["level"] != "INFO"] == ["ERROR"]


async def test_fails_with_one_line_if_the_port_is_in_use(like: ServiceProcess, tmp_path: Path) -> None:
    with live_service(like, tmp_path / "log", PORT=str(like.port)) as service:
        assert await finished(service) != 0
        message = f"cannot listen: PORT={like.port}: Address already in use"
        assert [line["message"] for line in service.lines if line["level"] != "INFO"] == [message]
