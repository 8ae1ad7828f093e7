"""Five replicas share one PgBouncer in transaction mode, under load: `./noxw -s rollout`."""

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import database_of
from pgbouncer import pgbouncer, pgbouncer_program
from replicas import Replicas
from traffic import load

from system.running import System
from system.service_process import ServiceProcess

PROGRAM = pgbouncer_program()
SERVER_CONNECTIONS = 2  # default_pool_size

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs PgBouncer 1.21 or newer on the PATH")


@pytest.fixture
def count() -> int:
    return 5


@pytest.fixture
def like(system: System, tmp_path: Path) -> Iterator[ServiceProcess]:
    """The service behind PgBouncer."""
    if system.database is None:
        pytest.skip("POSTGRES_HOST names a server that is not ours")
    assert PROGRAM
    with pgbouncer(PROGRAM, system.database, tmp_path / "pgbouncer.log", prepared_statements=200) as bouncer:
        like = copy.copy(system.services["users"])
        like.environment = {**like.environment, **bouncer.environment}
        yield like


async def test_five_replicas_share_two_connections_to_the_server(
    system: System, replicas: Replicas, gateway: str
) -> None:
    """Each has a pool of four, and one more for its readiness check."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    system.services["users"].stop()  # which uses its own connections
    try:
        async with load(gateway) as seen, database_of(system.services["users"]) as database:
            for _ in range(10):
                await seen.more()
                assert await database.fetchval(others) <= SERVER_CONNECTIONS
    finally:
        system.services["users"].restart()
    assert set(seen.statuses) == {200, 201}, seen.failures
    assert len(replicas.running) == 5
