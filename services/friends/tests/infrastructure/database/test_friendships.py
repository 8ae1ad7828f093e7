"""The repository of friendships on a real PostgreSQL: it fulfils its contract, commits, and survives races."""

import asyncio
from collections import Counter
from types import NoneType
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from chassis.database import Database
from chassis.ids import new_id

from friends_service.core.entities.friendships import FriendshipExists, SelfFriendship
from friends_service.infrastructure.database.friendships import NOT_SELF, PAIR_INDEX, SqlFriendships
from friends_service.settings import Settings

from ...core.repositories.friendships import ADA, BOB, FriendshipRepositoryContract, between

INSERT = "INSERT INTO friendships (id, initiator_id, target_id, created_at) VALUES ($1, $2, $3, now())"


@pytest.fixture
async def repository(database: Database, connection: asyncpg.Connection) -> SqlFriendships:
    await connection.execute("TRUNCATE friendships CASCADE")
    return SqlFriendships(database)


class TestSqlFriendships(FriendshipRepositoryContract):
    id_used_twice = IntegrityError


async def test_commits_before_it_returns(repository: SqlFriendships, connection: asyncpg.Connection) -> None:
    await repository.add(between(ADA, BOB))
    row = await connection.fetchrow("SELECT initiator_id, target_id FROM friendships")
    assert row is not None
    assert tuple(row) == (ADA, BOB)


async def test_concurrent_equal_friendships_succeed_once(
    repository: SqlFriendships, connection: asyncpg.Connection
) -> None:
    friendships = [between(*((ADA, BOB) if number % 2 else (BOB, ADA)), number=number) for number in range(20)]
    outcomes = await asyncio.gather(*map(repository.add, friendships), return_exceptions=True)
    assert Counter(map(type, outcomes)) == {NoneType: 1, FriendshipExists: 19}
    assert await connection.fetchval("SELECT count(*) FROM friendships") == 1


async def test_database_constraint_keeps_pairs_unique(
    repository: SqlFriendships, connection: asyncpg.Connection
) -> None:
    await repository.add(between(ADA, BOB))
    with pytest.raises(asyncpg.UniqueViolationError) as caught:
        await connection.execute(INSERT, new_id(), BOB, ADA)
    assert caught.value.constraint_name == PAIR_INDEX


async def test_database_constraint_refuses_a_friendship_with_oneself(connection: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await connection.execute(INSERT, new_id(), ADA, ADA)
    assert caught.value.constraint_name == NOT_SELF


async def test_maps_the_constraint_to_the_error_of_the_entity(
    repository: SqlFriendships,
) -> None:
    friendship = between(ADA, BOB)
    object.__setattr__(friendship, "target_id", ADA)
    with pytest.raises(SelfFriendship):
        await repository.add(friendship)


async def test_pages_of_the_default_length_equal_other_pages(repository: SqlFriendships) -> None:
    """A prepared statement reads them."""
    for number in range(1, 50):
        pair = (ADA, UUID(int=200 + number))
        await repository.add(between(*(pair if number % 2 else pair[::-1]), number=number))
    for after in (None, UUID(int=49), UUID(int=30), UUID(int=21), UUID(int=20), UUID(int=1)):
        usual = await repository.page_of_user(ADA, limit=20, after=after)
        longer = await repository.page_of_user(ADA, limit=21, after=after)
        assert usual.items == longer.items[:20]
        assert (usual.next_after is not None) == (len(longer.items) > 20)


async def test_postgresql_caches_the_plan_of_a_default_page(settings: Settings) -> None:
    async with Database(settings.model_copy(update={"database_pool_size": 1})) as database:
        for _ in range(10):
            await SqlFriendships(database).page_of_user(ADA, limit=20, after=None)
        plans = text("SELECT max(generic_plans) FROM pg_prepared_statements WHERE statement LIKE '%UNION ALL%'")
        assert (await database.execute(plans)).scalar_one() >= 4
