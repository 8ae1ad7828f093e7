"""The contract of every repository of friendships, and an in-memory one that fulfils it."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from friends_service.core.entities.friendships import Friendship, FriendshipExists
from friends_service.core.entities.pages import Page
from friends_service.core.repositories.friendships import FriendshipRepository

ADA, BOB, EVE = (UUID(int=number) for number in (101, 102, 103))


class InMemoryFriendships:
    """A FriendshipRepository without a database."""

    def __init__(self) -> None:
        self.friendships: dict[UUID, Friendship] = {}

    async def add(self, friendship: Friendship) -> None:
        if friendship.id in self.friendships:
            raise ValueError(f"the id {friendship.id} is used already")
        if any(other.pair == friendship.pair for other in self.friendships.values()):
            raise FriendshipExists
        self.friendships[friendship.id] = friendship

    async def get(self, friendship_id: UUID) -> Friendship | None:
        return self.friendships.get(friendship_id)

    async def page_of_user(self, user_id: UUID, *, limit: int, after: UUID | None) -> Page[Friendship]:
        rows = [
            friendship
            for friendship in self.friendships.values()
            if user_id in friendship.pair and (after is None or friendship.id < after)
        ]
        rows.sort(key=lambda row: row.id, reverse=True)
        return Page.cut(rows[: limit + 1], limit=limit, key=lambda row: row.id)


def between(initiator_id: UUID, target_id: UUID, *, number: int = 1, tag: str | None = None) -> Friendship:
    """Return one of many; the higher the number, the newer."""
    return Friendship(
        id=UUID(int=number),
        initiator_id=initiator_id,
        target_id=target_id,
        tag=tag,
        created_at=datetime(2026, 11, 23, 12, 30, 15, 123456, tzinfo=UTC),
    )


def a_friendship(number: int = 1) -> Friendship:
    """Return one of many, none of which share users."""
    return between(UUID(int=1000 + number), UUID(int=2000 + number), number=number)


async def add_friends(repository: FriendshipRepository, user_id: UUID, *numbers: int) -> list[Friendship]:
    """Add friendships with these numbers between the user and others, who started every second one."""
    friendships = []
    for position, number in enumerate(numbers):
        pair = (user_id, UUID(int=position))
        friendships.append(between(*(pair[::-1] if position % 2 else pair), number=number))
        await repository.add(friendships[-1])
    return friendships


class FriendshipRepositoryContract:
    """Tests of an empty repository, which a subclass or its module provides as the fixture `repository`."""

    id_used_twice: type[Exception]
    """What is raised then; it is a bug, so core has no error for it."""

    @pytest.mark.parametrize("tag", [None, "школа ❤️", "क्\u200dष", "𠮷" * 50])
    async def test_returns_exactly_the_friendship_that_was_added(
        self, repository: FriendshipRepository, tag: str | None
    ) -> None:
        friendship = between(BOB, ADA, tag=tag)
        await repository.add(friendship)
        assert await repository.get(friendship.id) == friendship

    async def test_returns_none_for_an_unknown_id(self, repository: FriendshipRepository) -> None:
        await repository.add(between(ADA, BOB))
        assert await repository.get(UUID(int=999)) is None

    @pytest.mark.parametrize("pair", [(ADA, BOB), (BOB, ADA)], ids=["same direction", "other direction"])
    async def test_refuses_a_second_friendship_in_either_direction(
        self, repository: FriendshipRepository, pair: tuple[UUID, UUID]
    ) -> None:
        first = between(ADA, BOB, number=1)
        await repository.add(first)
        with pytest.raises(FriendshipExists):
            await repository.add(between(*pair, number=2, tag="again"))
        assert (await repository.page_of_user(ADA, limit=10, after=None)).items == (first,)

    async def test_refuses_an_id_that_exists_already(self, repository: FriendshipRepository) -> None:
        first = between(ADA, BOB, number=1)
        await repository.add(first)
        with pytest.raises(self.id_used_twice):
            await repository.add(between(ADA, EVE, number=1))
        assert await repository.get(first.id) == first

    async def test_a_user_without_friends_has_one_empty_page(self, repository: FriendshipRepository) -> None:
        await repository.add(between(ADA, BOB))
        assert await repository.page_of_user(EVE, limit=10, after=None) == Page(items=(), next_after=None)

    @pytest.mark.parametrize("limit", [1, 2, 4, 5, 6, 100])
    async def test_pages_contain_each_friendship_of_a_user_once_newest_first(
        self, repository: FriendshipRepository, limit: int
    ) -> None:
        """Sorted by id, regardless of who started them and in which order they were added."""
        await repository.add(between(BOB, EVE, number=4))
        first, fifth, third, second, fourth = await add_friends(repository, ADA, 1, 2**127 + 1, 2**64, 2, 2**127)
        rest = [fifth, fourth, third, second, first]
        after = None
        while rest:
            page = await repository.page_of_user(ADA, limit=limit, after=after)
            assert [*page.items] == rest[:limit]
            rest, after = rest[limit:], page.next_after
            assert (after is None) == (not rest)

    async def test_page_starts_after_any_id_even_an_unknown_one(self, repository: FriendshipRepository) -> None:
        first, third, _, _ = await add_friends(repository, ADA, 1, 3, 7, 9)
        others = between(BOB, EVE, number=5)
        await repository.add(others)
        for after in (UUID(int=4), others.id):
            assert (await repository.page_of_user(ADA, limit=10, after=after)).items == (third, first)
        assert await repository.page_of_user(ADA, limit=10, after=first.id) == Page(items=(), next_after=None)

    async def test_new_friendships_do_not_shift_the_next_page(self, repository: FriendshipRepository) -> None:
        first, second = await add_friends(repository, ADA, 1, 2)
        newest = await repository.page_of_user(ADA, limit=1, after=None)
        await repository.add(between(ADA, BOB, number=3))
        assert newest.items == (second,)
        assert (await repository.page_of_user(ADA, limit=1, after=newest.next_after)).items == (first,)
