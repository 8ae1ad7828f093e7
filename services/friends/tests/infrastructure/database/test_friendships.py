"""The repository of friendships against a real PostgreSQL."""

from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.exc import IntegrityError

from chassis.database import Database
from chassis.ids import new_id

from friends_service.core.entities.friendships import Friendship, FriendshipExists, SelfFriendship
from friends_service.infrastructure.database.friendships import NOT_SELF, PAIR_INDEX, SqlFriendships

NOW = datetime(2026, 11, 23, 12, 30, 15, 123456, tzinfo=UTC)
ADA, BOB, EVE = (UUID(int=number) for number in (101, 102, 103))
INSERT = "INSERT INTO friendships (id, initiator_id, target_id, created_at) VALUES ($1, $2, $3, now())"


@pytest.fixture
async def friendships(database: Database, connection: asyncpg.Connection) -> SqlFriendships:
    await connection.execute("TRUNCATE friendships")
    return SqlFriendships(database)


def between(
    initiator_id: UUID, target_id: UUID, *, tag: str | None = None, friendship_id: UUID | None = None
) -> Friendship:
    return Friendship(
        id=friendship_id or new_id(), initiator_id=initiator_id, target_id=target_id, tag=tag, created_at=NOW
    )


@pytest.mark.parametrize("tag", [None, "школа ❤️", "x" * 50])
async def test_keeps_a_friendship_exactly_as_it_is(friendships: SqlFriendships, tag: str | None) -> None:
    friendship = between(ADA, BOB, tag=tag)
    await friendships.add(friendship)
    assert await friendships.get(friendship.id) == friendship


async def test_has_committed_when_it_returns(friendships: SqlFriendships, connection: asyncpg.Connection) -> None:
    await friendships.add(between(ADA, BOB))
    row = await connection.fetchrow("SELECT initiator_id, target_id FROM friendships")
    assert row is not None
    assert tuple(row) == (ADA, BOB)


async def test_finds_nothing_under_an_unknown_id(friendships: SqlFriendships) -> None:
    assert await friendships.get(new_id()) is None


@pytest.mark.parametrize(("initiator_id", "target_id"), [(ADA, BOB), (BOB, ADA)])
async def test_refuses_a_second_friendship_in_either_direction(
    friendships: SqlFriendships, connection: asyncpg.Connection, initiator_id: UUID, target_id: UUID
) -> None:
    await friendships.add(between(ADA, BOB))
    with pytest.raises(FriendshipExists):
        await friendships.add(between(initiator_id, target_id, tag="again"))
    assert await connection.fetchval("SELECT count(*) FROM friendships") == 1


async def test_the_database_itself_holds_pairs_apart(
    friendships: SqlFriendships, connection: asyncpg.Connection
) -> None:
    await friendships.add(between(ADA, BOB))
    with pytest.raises(asyncpg.UniqueViolationError) as caught:
        await connection.execute(INSERT, new_id(), BOB, ADA)
    assert caught.value.constraint_name == PAIR_INDEX


async def test_the_database_itself_refuses_a_friendship_with_oneself(connection: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await connection.execute(INSERT, new_id(), ADA, ADA)
    assert caught.value.constraint_name == NOT_SELF


async def test_a_friendship_with_oneself_that_gets_past_the_entity_is_the_same_error(
    friendships: SqlFriendships,
) -> None:
    friendship = between(ADA, BOB)
    object.__setattr__(friendship, "target_id", ADA)
    with pytest.raises(SelfFriendship):
        await friendships.add(friendship)


async def test_an_id_used_twice_is_a_bug_and_no_existing_friendship(friendships: SqlFriendships) -> None:
    friendship = between(ADA, BOB)
    await friendships.add(friendship)
    with pytest.raises(IntegrityError, match="pk_friendships"):
        await friendships.add(between(ADA, EVE, friendship_id=friendship.id))


async def test_a_user_without_friends_has_one_empty_page(friendships: SqlFriendships) -> None:
    await friendships.add(between(ADA, BOB))
    page = await friendships.page_of_user(EVE, limit=10, after=None)
    assert (page.items, page.next_after) == ((), None)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
async def test_pages_hold_both_directions_once_newest_first(friendships: SqlFriendships, limit: int) -> None:
    others = [UUID(int=number) for number in range(1, 8)]
    mine = [between(ADA, other) if number % 3 else between(other, ADA) for number, other in enumerate(others)]
    for friendship in (*mine, between(BOB, EVE), between(EVE, others[0])):
        await friendships.add(friendship)
    page = await friendships.page_of_user(ADA, limit=limit, after=None)
    walked = [*page.items]
    while page.next_after is not None:
        page = await friendships.page_of_user(ADA, limit=limit, after=page.next_after)
        assert page.items
        walked += page.items
    assert walked == mine[::-1]


async def test_a_page_is_not_moved_by_friendships_begun_meanwhile(friendships: SqlFriendships) -> None:
    first, second = between(ADA, BOB), between(EVE, ADA)
    for friendship in (first, second):
        await friendships.add(friendship)
    newest = await friendships.page_of_user(ADA, limit=1, after=None)
    await friendships.add(between(ADA, UUID(int=104)))
    assert newest.items == (second,)
    assert (await friendships.page_of_user(ADA, limit=1, after=newest.next_after)).items == (first,)
