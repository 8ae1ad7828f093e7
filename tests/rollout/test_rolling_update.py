"""Rolling updates under load, with real processes: `./noxw -s rollout`; takes minutes, so it is not run by default."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from databases import database_of
from releases import Releases, make_releases
from replicas import Replicas
from traffic import load

from system.service_process import ServiceProcess


@pytest.fixture
async def database(like: ServiceProcess) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection to the database of users, and restore its schema afterwards."""
    async with database_of(like) as database:
        revision = await database.fetchval("SELECT version_num FROM alembic_version")
        yield database
        await database.execute("UPDATE alembic_version SET version_num = $1", revision)
        await database.execute("ALTER TABLE users DROP COLUMN IF EXISTS nickname")


@pytest.fixture
def releases(like: ServiceProcess, tmp_path: Path) -> Releases:
    return make_releases(like.service, tmp_path)


async def test_expanding_rolling_back_and_contracting_the_schema_lose_no_request(
    database: asyncpg.Connection, releases: Releases, replicas: Replicas, gateway: str
) -> None:
    count = "SELECT count(*) FROM users WHERE nickname IS NOT NULL"
    async with load(gateway) as seen:
        await replicas.update(releases.expanded)
        await seen.more()
        assert await database.fetchval(count), "the new release writes the column"
        await replicas.update(releases.old)
        written = await database.fetchval(count)
        await seen.more()
        assert await database.fetchval(count) == written, "no replica uses the column any more"
        await replicas.update(releases.contracted)
    assert set(seen.statuses) == {200, 201}, seen.failures
    assert await seen.lost(database) == 0


@pytest.mark.parametrize("count", [1])
async def test_contracting_while_a_replica_uses_the_column_fails_requests(
    database: asyncpg.Connection, releases: Releases, replicas: Replicas, gateway: str
) -> None:
    """The test above would notice."""
    async with load(gateway) as seen:
        await replicas.update(releases.expanded)
        assert set(seen.statuses) == {200, 201}, seen.failures
        await replicas.migrate(releases.contracted)
        await seen.fails()
        await replicas.update(releases.contracted)
    assert set(seen.statuses) <= {200, 201, 500, 503}, seen.failures
    assert await database.fetchval("SELECT version_num FROM alembic_version") == "3_drop"
