"""The repository of signing keys on a real PostgreSQL: it fulfils its contract for several replicas, and caches."""

import asyncio

import asyncpg
import pytest

from chassis.database import Database
from chassis.errors import DatabaseUnavailable

from accounts_service.core.entities.signing_keys import KeyRing
from accounts_service.core.repositories.signing_keys import KeyChange
from accounts_service.infrastructure.database.signing_keys import REMEMBERED, SqlSigningKeys

from ...core.repositories.signing_keys import SigningKeyRepositoryContract, a_key


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def repository(database: Database, connection: asyncpg.Connection, clock: Clock) -> SqlSigningKeys:
    await connection.execute("TRUNCATE signing_keys")
    return SqlSigningKeys(database, clock=clock)


class TestSqlSigningKeys(SigningKeyRepositoryContract):
    pass


async def test_caches_keys_for_a_while(repository: SqlSigningKeys, database: Database, clock: Clock) -> None:
    other = SqlSigningKeys(database, clock=clock)
    await other.ring()
    await repository.change(lambda _: KeyChange(add=a_key()))
    clock.seconds += REMEMBERED.total_seconds() - 1
    assert await other.ring() == KeyRing.of([])
    clock.seconds += 2
    assert (await other.ring()).keys == (a_key(),)


async def test_concurrent_readers_share_one_query(repository: SqlSigningKeys, database: Database) -> None:
    await repository.change(lambda _: KeyChange(add=a_key()))
    other = SqlSigningKeys(database, clock=lambda: 0.0)
    rings = await asyncio.gather(*(other.ring() for _ in range(20)))
    assert {ring.keys for ring in rings} == {(a_key(),)}


@pytest.mark.usefixtures("repository")
async def test_concurrent_replicas_add_one_first_key(database: Database, connection: asyncpg.Connection) -> None:
    def first(number: int) -> KeyChange:
        return KeyChange(add=a_key(number))

    async def add(number: int) -> KeyRing:
        replica = SqlSigningKeys(database, clock=lambda: 0.0)
        return await replica.change(lambda ring: KeyChange() if ring.keys else first(number))

    rings = await asyncio.gather(*map(add, range(1, 6)))
    assert len({ring.keys for ring in rings}) == 1
    assert await connection.fetchval("SELECT count(*) FROM signing_keys") == 1


async def test_uses_cached_keys_if_the_database_is_down(
    repository: SqlSigningKeys, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknowing = SqlSigningKeys(database, clock=clock)
    await repository.change(lambda _: KeyChange(add=a_key()))

    async def away(*_: object) -> None:
        raise DatabaseUnavailable

    monkeypatch.setattr(database, "execute", away)
    clock.seconds += 1000
    assert (await repository.ring()).keys == (a_key(),)
    with pytest.raises(DatabaseUnavailable):
        await unknowing.ring()
