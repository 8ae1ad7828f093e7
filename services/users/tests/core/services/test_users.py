"""The use cases of users, with an in-memory repository."""

from datetime import UTC, date, datetime
from itertools import count
from uuid import UUID

import pytest

from users_service.core.entities.users import ProfileExists, User, UsernameTaken, UserNotFound
from users_service.core.errors import InvalidValue
from users_service.core.services.users import Users

from ..repositories.users import InMemoryUsers

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
BIRTHDAY = date(1915, 12, 10)
STRANGER = UUID(int=999)


@pytest.fixture
def repository() -> InMemoryUsers:
    return InMemoryUsers()


@pytest.fixture
def users(repository: InMemoryUsers) -> Users:
    ids = count(1)
    return Users(repository=repository, new_id=lambda: UUID(int=next(ids)), now=lambda: NOW)


async def register(users: Users, username: str) -> User:
    return await users.register(username=username, first_name="Ada", second_name="Lovelace", birthday=BIRTHDAY)


async def test_registers_a_user_with_a_new_id_and_the_current_time(users: Users) -> None:
    user = await register(users, "ada_l")
    assert user == User(
        id=UUID(int=1),
        username="ada_l",
        first_name="Ada",
        second_name="Lovelace",
        birthday=BIRTHDAY,
        created_at=NOW,
    )
    assert await users.get(user.id) == user


async def test_refuses_a_username_that_differs_only_in_case(users: Users, repository: InMemoryUsers) -> None:
    await register(users, "ada_l")
    with pytest.raises(UsernameTaken) as caught:
        await register(users, "ADA_L")
    assert caught.value.username == "ADA_L"
    assert len(repository.users) == 1


async def test_registers_a_caller_once_under_their_own_id(users: Users) -> None:
    first = await users.register(
        user_id=STRANGER, username="ada_l", first_name="Ada", second_name="Lovelace", birthday=BIRTHDAY
    )
    assert first.id == STRANGER
    with pytest.raises(ProfileExists):
        await users.register(
            user_id=STRANGER, username="bob_m", first_name="Bob", second_name="Moog", birthday=BIRTHDAY
        )
    assert await users.get(STRANGER) == first


async def test_stores_nothing_invalid(users: Users, repository: InMemoryUsers) -> None:
    with pytest.raises(InvalidValue):
        await register(users, "ada")
    assert not repository.users


async def test_raises_not_found_for_an_unknown_user(users: Users) -> None:
    with pytest.raises(UserNotFound) as caught:
        await users.get(STRANGER)
    assert caught.value.user_id == STRANGER


async def test_checks_whether_a_user_exists(users: Users) -> None:
    user = await register(users, "ada_l")
    assert await users.exists(user.id)
    assert not await users.exists(STRANGER)


async def test_splits_ids_by_existence(users: Users) -> None:
    user = await register(users, "ada_l")
    assert await users.existing([user.id, STRANGER, user.id]) == {user.id}


async def test_lists_newest_first_page_by_page(users: Users) -> None:
    first, second, third = [await register(users, f"user{number}") for number in range(3)]
    newest = await users.page(limit=2, after=None)
    assert newest.items == (third, second)
    rest = await users.page(limit=2, after=newest.next_after)
    assert rest.items == (first,)
    assert rest.next_after is None
