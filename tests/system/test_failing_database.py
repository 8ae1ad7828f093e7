"""The services while their database is dead or busy, and their recovery afterwards."""

import asyncio
from functools import partial
from pathlib import Path
from uuid import uuid4

import asyncpg
from callers import DATABASE_TIMEOUT, FRIENDSHIPS, MARGIN, USERS, Answer, Caller, eventually, somebody
from databases import busy_connections, database_of, kill_nine
from live_service import PATIENT, live_service

from postgres.server import PostgresServer
from system.running import System
from system.service_process import ServiceProcess


async def test_responds_503_while_the_database_is_dead_and_recovers(
    users: Caller, friends: Caller, postgres: PostgresServer
) -> None:
    callers = (users, friends)

    async def register() -> Answer:
        return await users.post(USERS, somebody())

    async def look_up() -> Answer:
        return await friends.get(f"{FRIENDSHIPS}/{uuid4()}")

    before = [asyncio.create_task(call()) for call in (register, look_up) for _ in range(20)]
    await asyncio.sleep(0.01)
    kill_nine(postgres)
    try:
        interrupted = await asyncio.gather(*before)
        assert {answer.status for answer in interrupted} <= {201, 404, 503}
        meanwhile = [await call() for call in (register, look_up) for _ in range(10)]
        meanwhile += await asyncio.gather(*(call() for call in (register, look_up) for _ in range(50)))
        assert {answer.problem for answer in meanwhile} == {"database-unavailable"}
        assert all(answer.is_refusal() for answer in meanwhile)
        assert max(answer.seconds for answer in [*interrupted, *meanwhile]) < DATABASE_TIMEOUT + MARGIN
        for caller in callers:
            ready = await caller.get("/health/ready")
            assert (ready.status, ready.body["reason"]) == (503, "database-unavailable")
            assert (await caller.get("/health/live")).status == 200
    finally:
        postgres.start()

    async def is_back() -> bool:
        answers = [await caller.get("/health/ready") for caller in callers] + [await register(), await look_up()]
        return [answer.status for answer in answers] == [200, 200, 201, 404]

    await eventually(is_back)
    # Earlier users may be lost: the test server does not wait for the disk.
    one, other = await users.new_user(), await users.new_user()
    assert (await friends.befriend(one, other)).status == 201
    calm = await asyncio.gather(*(call() for call in (register, look_up) for _ in range(50)))
    assert {answer.status for answer in calm} == {201, 404}, "no connection to the old server may be left"


async def are_busy(connection: asyncpg.Connection, number: int) -> bool:
    return await busy_connections(connection) == number


async def test_disconnected_clients_leave_no_connections_behind(like: ServiceProcess, tmp_path: Path) -> None:
    request = f"GET {USERS} HTTP/1.1\r\nHost: users\r\n\r\n".encode()
    with live_service(like, tmp_path / "log", **PATIENT) as service:
        await service.becomes(200)
        async with database_of(like) as connection:
            async with connection.transaction():
                await connection.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
                for _ in range(30):  # three times as many as there are connections
                    _reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
                    writer.write(request)
                    await writer.drain()
                    await asyncio.sleep(0.005)
                    writer.close()
                await eventually(partial(are_busy, connection, 10))
                assert await busy_connections(connection) == 10
            await eventually(partial(are_busy, connection, 0))
        async with Caller(service.url) as users:
            answers = await asyncio.gather(*(users.get(USERS) for _ in range(30)))
        assert {answer.status for answer in answers} == {200}


async def test_responds_503_if_a_statement_waits_for_a_lock(users: Caller, system: System) -> None:
    async with database_of(system.services["users"]) as connection, connection.transaction():
        await connection.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        answers = await asyncio.gather(*(users.get(USERS) for _ in range(50)))
        assert {answer.problem for answer in answers} == {"database-unavailable"}
        assert max(answer.seconds for answer in answers) < DATABASE_TIMEOUT + MARGIN
        assert (await users.get("/health/ready")).status == 200, "a busy database must not make the service unready"
