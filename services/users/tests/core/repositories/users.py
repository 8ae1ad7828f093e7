"""The contract of every repository of users, and an in-memory one that fulfils it."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from users_service.core.entities.pages import Page
from users_service.core.entities.users import ProfileExists, User, UsernameTaken
from users_service.core.repositories.users import UserRepository

STRANGER = UUID(int=999)


class InMemoryUsers:
    """A UserRepository without a database."""

    def __init__(self) -> None:
        self.users: dict[UUID, User] = {}

    async def add(self, user: User) -> None:
        if user.id in self.users:
            raise ProfileExists
        if any(other.username.lower() == user.username.lower() for other in self.users.values()):
            raise UsernameTaken(user.username)
        self.users[user.id] = user

    async def get(self, user_id: UUID) -> User | None:
        return self.users.get(user_id)

    async def existing(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        return frozenset(user_ids) & self.users.keys()

    async def page(self, *, limit: int, after: UUID | None) -> Page[User]:
        ids = sorted((user_id for user_id in self.users if after is None or user_id < after), reverse=True)
        return Page.cut([self.users[user_id] for user_id in ids[: limit + 1]], limit=limit, key=lambda user: user.id)


def a_user(
    number: int = 1, *, username: str | None = None, first_name: str = "Ada", birthday: date = date(1915, 12, 10)
) -> User:
    """Return one of many; the higher the number, the newer."""
    return User(
        id=UUID(int=number),
        username=username or f"user{number}",
        first_name=first_name,
        second_name="Lovelace",
        birthday=birthday,
        created_at=datetime(2026, 11, 23, 12, 30, 15, 123456, tzinfo=UTC),
    )


async def add_users(repository: UserRepository, *numbers: int) -> list[User]:
    users = [a_user(number, username=f"user{position}") for position, number in enumerate(numbers)]
    for user in users:
        await repository.add(user)
    return users


class UserRepositoryContract:
    """Tests of an empty repository, which a subclass or its module provides as the fixture `repository`."""

    @pytest.mark.parametrize(
        "user",
        [
            a_user(username="Ada_L.-9"),
            a_user(first_name="Ада"),
            a_user(first_name="क्\u200dषमा"),
            a_user(first_name="𠮷" * 100),
            a_user(birthday=date(1900, 1, 1)),
            a_user(birthday=date(2024, 2, 29)),
        ],
        ids=["case", "Cyrillic", "a joiner", "100 characters of 4 bytes", "the first birthday", "a leap day"],
    )
    async def test_returns_exactly_the_user_that_was_added(self, repository: UserRepository, user: User) -> None:
        await repository.add(user)
        assert await repository.get(user.id) == user

    async def test_returns_none_for_an_unknown_id(self, repository: UserRepository) -> None:
        await repository.add(a_user())
        assert await repository.get(STRANGER) is None

    @pytest.mark.parametrize("username", ["ada_l", "ADA_L", "Ada_l"])
    async def test_refuses_a_taken_username_ignoring_case(self, repository: UserRepository, username: str) -> None:
        ada = a_user(1, username="ada_l")
        await repository.add(ada)
        with pytest.raises(UsernameTaken) as caught:
            await repository.add(a_user(2, username=username))
        assert caught.value.username == username
        assert (await repository.page(limit=10, after=None)).items == (ada,)

    async def test_refuses_an_id_that_exists_already(self, repository: UserRepository) -> None:
        ada = a_user(1, username="ada_l")
        await repository.add(ada)
        with pytest.raises(ProfileExists):
            await repository.add(a_user(1, username="bob_m"))
        assert await repository.get(ada.id) == ada

    async def test_returns_existing_ids_without_duplicates(self, repository: UserRepository) -> None:
        first, second, _ = await add_users(repository, 1, 2, 3)
        asked = [first.id, STRANGER, second.id, first.id, STRANGER]
        assert await repository.existing(asked) == {first.id, second.id}

    async def test_returns_nothing_for_no_ids(self, repository: UserRepository) -> None:
        await repository.add(a_user())
        assert await repository.existing([]) == frozenset()

    async def test_empty_repository_has_one_empty_page(self, repository: UserRepository) -> None:
        assert await repository.page(limit=10, after=None) == Page(items=(), next_after=None)

    @pytest.mark.parametrize("limit", [1, 2, 4, 5, 6, 100])
    async def test_pages_contain_each_user_once_newest_first(self, repository: UserRepository, limit: int) -> None:
        """Sorted by id, regardless of the order in which they were added."""
        first, fifth, third, second, fourth = await add_users(repository, 1, 2**127 + 1, 2**64, 2, 2**127)
        rest = [fifth, fourth, third, second, first]
        after = None
        while rest:
            page = await repository.page(limit=limit, after=after)
            assert [*page.items] == rest[:limit]
            rest, after = rest[limit:], page.next_after
            assert (after is None) == (not rest)

    async def test_page_starts_after_any_id_even_an_unknown_one(self, repository: UserRepository) -> None:
        first, third, _ = await add_users(repository, 1, 3, 5)
        assert (await repository.page(limit=10, after=UUID(int=4))).items == (third, first)
        assert await repository.page(limit=10, after=UUID(int=1)) == Page(items=(), next_after=None)

    async def test_new_users_do_not_shift_the_next_page(self, repository: UserRepository) -> None:
        first, second = await add_users(repository, 1, 2)
        newest = await repository.page(limit=1, after=None)
        await repository.add(a_user(3))
        assert newest.items == (second,)
        assert (await repository.page(limit=1, after=newest.next_after)).items == (first,)
