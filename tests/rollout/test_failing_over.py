"""The database of three replicas fails over to a standby, under load: `./noxw -s rollout`."""

import asyncio
import copy
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from callers import DATABASE_TIMEOUT, MARGIN, USERS, Caller, eventually, somebody
from databases import database_of
from failing_over import DatabasePair
from live_service import live_service
from replicas import Replicas
from traffic import load

from system.database import ensure_database
from system.service_process import ServiceProcess


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[DatabasePair]:
    async with DatabasePair(tmp_path) as pair:
        yield pair


@pytest.fixture
async def like(like: ServiceProcess, pair: DatabasePair, tmp_path: Path) -> ServiceProcess:
    """The service on the pair, its database migrated."""
    await asyncio.to_thread(ensure_database, like.service, pair.superuser)
    like = copy.copy(like)
    like.environment = {**like.environment, **pair.environment}
    with live_service(like, tmp_path / "migrate.log", command="migrate") as migration:
        assert await asyncio.to_thread(migration.process.wait) == 0, migration.log.read_text(encoding="utf-8")
    return like


async def test_failover_loses_nothing_confirmed_and_needs_no_restart(
    pair: DatabasePair, replicas: Replicas, gateway: str
) -> None:
    """With synchronous replication, as in cluster.yml."""
    async with load(gateway) as seen:
        await pair.kill_primary()
        await seen.fails()
        pair.lead_to_standby()
        await seen.fails()  # it is read-only
        await pair.promote()
        promoted = time.monotonic()
        await seen.more()
    assert set(seen.statuses) == {200, 201, 503}, seen.failures
    assert all(failure.seconds < DATABASE_TIMEOUT + MARGIN for failure in seen.failures), seen.failures
    assert all(failure.began < promoted + 2 * MARGIN for failure in seen.failures), seen.failures
    assert all(replica.process.poll() is None for replica in replicas.running), "no replica may have restarted"
    async with database_of(replicas.like) as database:
        assert await seen.lost(database) == 0


@pytest.mark.parametrize("count", [1])
async def test_confirms_no_write_without_a_standby_but_serves_reads(pair: DatabasePair, replicas: Replicas) -> None:
    [replica] = replicas.running
    async with Caller(replica.url) as caller:
        user = await caller.new_user()
        pair.stop_standby()
        refused = await caller.post(USERS, somebody())
        assert refused.problem == "database-unavailable"
        assert refused.seconds < DATABASE_TIMEOUT + MARGIN
        assert (await caller.get(f"{USERS}/{user}")).status == 200
        assert (await caller.get("/health/ready")).status == 200
        pair.start_standby()

        async def is_confirmed() -> bool:
            return (await caller.post(USERS, somebody())).status == 201

        await eventually(is_confirmed)
