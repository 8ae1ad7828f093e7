"""The use cases of friendships, with in-memory ports."""

from datetime import UTC, datetime
from itertools import count
from uuid import UUID

import pytest

from friends_service.core.entities.friendships import (
    Friendship,
    FriendshipExists,
    FriendshipNotFound,
    NotTheInitiator,
    SelfFriendship,
    UsersNotFound,
)
from friends_service.core.errors import InvalidValue
from friends_service.core.services.friendships import Friendships

from ..clients.users import RecordingDirectory
from ..repositories.friendships import InMemoryFriendships

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
ADA, BOB, EVE = UUID(int=101), UUID(int=102), UUID(int=103)
NOBODY, NO_ONE = UUID(int=998), UUID(int=999)


@pytest.fixture
def repository() -> InMemoryFriendships:
    return InMemoryFriendships()


@pytest.fixture
def directory() -> RecordingDirectory:
    return RecordingDirectory(ADA, BOB, EVE)


@pytest.fixture
def friendships(repository: InMemoryFriendships, directory: RecordingDirectory) -> Friendships:
    ids = count(1)
    return Friendships(repository=repository, users=directory, new_id=lambda: UUID(int=next(ids)), now=lambda: NOW)


async def test_creates_a_friendship_with_a_new_id_and_the_current_time(friendships: Friendships) -> None:
    friendship = await friendships.befriend(initiator_id=ADA, target_id=BOB, tag="work")
    assert friendship == Friendship(id=UUID(int=1), initiator_id=ADA, target_id=BOB, tag="work", created_at=NOW)
    assert await friendships.get(friendship.id) == friendship


@pytest.mark.parametrize("named", [None, ADA])
async def test_uses_the_caller_as_initiator(friendships: Friendships, named: UUID | None) -> None:
    friendship = await friendships.befriend(caller_id=ADA, initiator_id=named, target_id=BOB, tag=None)
    assert friendship.initiator_id == ADA


async def test_refuses_friendships_on_behalf_of_others(
    friendships: Friendships, repository: InMemoryFriendships, directory: RecordingDirectory
) -> None:
    with pytest.raises(NotTheInitiator):
        await friendships.befriend(caller_id=EVE, initiator_id=ADA, target_id=BOB, tag=None)
    assert not repository.friendships
    assert not directory.calls


async def test_requires_an_initiator_without_a_caller(friendships: Friendships) -> None:
    with pytest.raises(InvalidValue) as caught:
        await friendships.befriend(initiator_id=None, target_id=BOB, tag=None)
    assert caught.value.field == "initiator_id"


async def test_checks_both_users_in_one_call(friendships: Friendships, directory: RecordingDirectory) -> None:
    await friendships.befriend(initiator_id=BOB, target_id=ADA, tag=None)
    assert directory.calls == [(BOB, ADA)]


@pytest.mark.parametrize(("initiator_id", "target_id"), [(ADA, BOB), (BOB, ADA)])
async def test_refuses_a_second_friendship_in_either_direction(
    friendships: Friendships, repository: InMemoryFriendships, initiator_id: UUID, target_id: UUID
) -> None:
    await friendships.befriend(initiator_id=ADA, target_id=BOB, tag=None)
    with pytest.raises(FriendshipExists):
        await friendships.befriend(initiator_id=initiator_id, target_id=target_id, tag=None)
    assert len(repository.friendships) == 1


async def test_refuses_a_friendship_with_oneself_without_calling_users(
    friendships: Friendships, directory: RecordingDirectory
) -> None:
    with pytest.raises(SelfFriendship):
        await friendships.befriend(initiator_id=ADA, target_id=ADA, tag=None)
    assert not directory.calls


async def test_refuses_a_blank_tag_without_calling_users(
    friendships: Friendships, directory: RecordingDirectory
) -> None:
    with pytest.raises(InvalidValue):
        await friendships.befriend(initiator_id=ADA, target_id=BOB, tag=" ")
    assert not directory.calls


@pytest.mark.parametrize(
    ("initiator_id", "target_id", "unknown"),
    [
        (NOBODY, ADA, (NOBODY,)),
        (ADA, NOBODY, (NOBODY,)),
        (NOBODY, NO_ONE, (NOBODY, NO_ONE)),
        (NO_ONE, NOBODY, (NO_ONE, NOBODY)),
    ],
)
async def test_names_unknown_users_in_the_order_given(
    friendships: Friendships,
    repository: InMemoryFriendships,
    initiator_id: UUID,
    target_id: UUID,
    unknown: tuple[UUID, ...],
) -> None:
    with pytest.raises(UsersNotFound) as caught:
        await friendships.befriend(initiator_id=initiator_id, target_id=target_id, tag=None)
    assert caught.value.user_ids == unknown
    assert not repository.friendships


async def test_stores_nothing_if_users_is_unreachable(
    friendships: Friendships, directory: RecordingDirectory, repository: InMemoryFriendships
) -> None:
    directory.failure = TimeoutError
    with pytest.raises(TimeoutError):
        await friendships.befriend(initiator_id=ADA, target_id=BOB, tag=None)
    assert not repository.friendships


async def test_raises_not_found_for_an_unknown_friendship(friendships: Friendships) -> None:
    with pytest.raises(FriendshipNotFound) as caught:
        await friendships.get(UUID(int=1))
    assert caught.value.friendship_id == UUID(int=1)


async def test_lists_friendships_in_both_directions_newest_first_page_by_page(friendships: Friendships) -> None:
    begun = await friendships.befriend(initiator_id=ADA, target_id=BOB, tag=None)
    await friendships.befriend(initiator_id=BOB, target_id=EVE, tag=None)
    received = await friendships.befriend(initiator_id=EVE, target_id=ADA, tag=None)
    newest = await friendships.of_user(ADA, limit=1, after=None)
    assert newest.items == (received,)
    rest = await friendships.of_user(ADA, limit=1, after=newest.next_after)
    assert rest.items == (begun,)
    assert rest.next_after is None


async def test_lists_nothing_for_a_user_without_friends(friendships: Friendships) -> None:
    assert (await friendships.of_user(EVE, limit=10, after=None)).items == ()


async def test_raises_not_found_for_friendships_of_an_unknown_user(friendships: Friendships) -> None:
    with pytest.raises(UsersNotFound) as caught:
        await friendships.of_user(NOBODY, limit=10, after=None)
    assert caught.value.user_ids == (NOBODY,)
