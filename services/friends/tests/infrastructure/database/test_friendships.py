"""The repository of friendships on a real PostgreSQL: it keeps its contract, durably and in a race."""

import asyncio
from collections import Counter
from types import NoneType

import asyncpg
import pytest
from sqlalchemy.exc import IntegrityError

from chassis.database import Database
from chassis.ids import new_id

from friends_service.core.entities.friendships import FriendshipExists, SelfFriendship
from friends_service.infrastructure.database.friendships import NOT_SELF, PAIR_INDEX, SqlFriendships

from ...core.repositories.friendships import ADA, BOB, FriendshipRepositoryContract, between

INSERT = "INSERT INTO friendships (id, initiator_id, target_id, created_at) VALUES ($1, $2, $3, now())"


@pytest.fixture
async def repository(database: Database, connection: asyncpg.Connection) -> SqlFriendships:
    await connection.execute("TRUNCATE friendships CASCADE")
    return SqlFriendships(database)


class TestSqlFriendships(FriendshipRepositoryContract):
    id_used_twice = IntegrityError


async def test_has_committed_when_it_returns(repository: SqlFriendships, connection: asyncpg.Connection) -> None:
    await repository.add(between(ADA, BOB))
    row = await connection.fetchrow("SELECT initiator_id, target_id FROM friendships")
    assert row is not None
    assert tuple(row) == (ADA, BOB)


async def test_of_many_who_begin_the_same_friendship_at_once_exactly_one_does(
    repository: SqlFriendships, connection: asyncpg.Connection
) -> None:
    friendships = [between(*((ADA, BOB) if number % 2 else (BOB, ADA)), number=number) for number in range(20)]
    outcomes = await asyncio.gather(*map(repository.add, friendships), return_exceptions=True)
    assert Counter(map(type, outcomes)) == {NoneType: 1, FriendshipExists: 19}
    assert await connection.fetchval("SELECT count(*) FROM friendships") == 1


async def test_the_database_itself_holds_pairs_apart(
    repository: SqlFriendships, connection: asyncpg.Connection
) -> None:
    await repository.add(between(ADA, BOB))
    with pytest.raises(asyncpg.UniqueViolationError) as caught:
        await connection.execute(INSERT, new_id(), BOB, ADA)
    assert caught.value.constraint_name == PAIR_INDEX


async def test_the_database_itself_refuses_a_friendship_with_oneself(connection: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await connection.execute(INSERT, new_id(), ADA, ADA)
    assert caught.value.constraint_name == NOT_SELF


async def test_a_friendship_with_oneself_that_gets_past_the_entity_is_the_same_error(
    repository: SqlFriendships,
) -> None:
    friendship = between(ADA, BOB)
    object.__setattr__(friendship, "target_id", ADA)
    with pytest.raises(SelfFriendship):
        await repository.add(friendship)
