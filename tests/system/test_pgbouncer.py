"""The services behind PgBouncer in transaction mode, where each statement may use another server connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from callers import USERS, Caller, eventually, somebody
from live_service import live_service
from pgbouncer import PgBouncer, pgbouncer, pgbouncer_program

from postgres.server import PostgresServer
from system.running import System

PROGRAM = pgbouncer_program()
REPLICAS = 2
CLIENTS = 20

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs PgBouncer 1.21 or newer on the PATH")


@asynccontextmanager
async def replicas_behind(bouncer: PgBouncer, system: System, folder: Path) -> AsyncIterator[list[Caller]]:
    """Yield replicas of users, each with more connections to PgBouncer than PgBouncer has to the server."""
    async with AsyncExitStack() as stack:
        callers: list[Caller] = []
        for number in range(REPLICAS):
            log = folder / f"users-{number}.log"
            replica = stack.enter_context(live_service(system.services["users"], log, **bouncer.environment))
            await replica.becomes(200)
            callers.append(await stack.enter_async_context(Caller(replica.url)))
        yield callers


async def register_and_read(users: Caller) -> set[int]:
    """Run different statements as one client; return the statuses of the responses."""
    registered = await users.post(USERS, somebody())
    answers = [registered, await users.get(f"{USERS}?limit=5")]
    if registered.status == 201:
        answers.append(await users.get(f"{USERS}/{registered.body['id']}"))
    return {answer.status for answer in answers}


async def statuses(replicas: list[Caller]) -> set[int]:
    """Return the statuses that many concurrent clients get."""
    clients = (register_and_read(replicas[number % REPLICAS]) for number in range(CLIENTS))
    return set().union(*await asyncio.gather(*clients))


async def test_many_clients_share_few_connections(system: System, postgres: PostgresServer, tmp_path: Path) -> None:
    assert PROGRAM
    with pgbouncer(PROGRAM, postgres, tmp_path / "log", prepared_statements=200) as bouncer:
        async with replicas_behind(bouncer, system, tmp_path) as replicas:
            assert await statuses(replicas) == {200, 201}


async def test_fails_without_prepared_statement_support(
    system: System, postgres: PostgresServer, tmp_path: Path
) -> None:
    """Why the version and the setting matter: if this passes without them one day, docs/scaling.md can be shorter."""
    assert PROGRAM
    with pgbouncer(PROGRAM, postgres, tmp_path / "log", prepared_statements=0) as bouncer:
        async with replicas_behind(bouncer, system, tmp_path) as replicas:
            assert 500 in await statuses(replicas)


async def test_recovers_after_pgbouncer_was_killed(system: System, postgres: PostgresServer, tmp_path: Path) -> None:
    assert PROGRAM
    with pgbouncer(PROGRAM, postgres, tmp_path / "log", prepared_statements=200) as bouncer:
        async with replicas_behind(bouncer, system, tmp_path) as replicas:
            assert await statuses(replicas) == {200, 201}
            bouncer.kill()
            refused = await replicas[0].post(USERS, somebody())
            assert refused.problem == "database-unavailable"
            assert int(refused.headers["Retry-After"]) >= 1
            assert (await replicas[0].get("/health/ready")).status == 503
            assert (await replicas[0].get("/health/live")).status == 200
            bouncer.start()

            async def works() -> bool:
                return await statuses(replicas) == {200, 201}

            await eventually(works)
