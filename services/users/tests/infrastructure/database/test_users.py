"""The repository of users against a real PostgreSQL."""

from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy.exc import IntegrityError

from chassis.database import Database
from chassis.ids import new_id

from users_service.core.entities.users import User, UsernameTaken
from users_service.infrastructure.database.users import USERNAME_INDEX, SqlUsers

NOW = datetime(2026, 11, 23, 12, 30, 15, 123456, tzinfo=UTC)
STRANGER = UUID(int=999)


@pytest.fixture
async def users(database: Database, connection: asyncpg.Connection) -> SqlUsers:
    await connection.execute("TRUNCATE users")
    return SqlUsers(database)


def a_user(username: str = "ada_l", *, user_id: UUID | None = None) -> User:
    return User(
        id=user_id or new_id(),
        username=username,
        first_name="Ада",
        second_name="Ó Briain",
        birthday=date(1915, 12, 10),
        created_at=NOW,
    )


async def some_users(users: SqlUsers, count: int) -> list[User]:
    added = [a_user(f"user{number}") for number in range(count)]
    for user in added:
        await users.add(user)
    return added


async def test_keeps_a_user_exactly_as_it_is(users: SqlUsers) -> None:
    user = a_user()
    await users.add(user)
    assert await users.get(user.id) == user


async def test_has_committed_when_it_returns(users: SqlUsers, connection: asyncpg.Connection) -> None:
    await users.add(a_user())
    assert await connection.fetchval("SELECT username FROM users") == "ada_l"


async def test_finds_nobody_under_an_unknown_id(users: SqlUsers) -> None:
    assert await users.get(STRANGER) is None


@pytest.mark.parametrize("username", ["ada_l", "ADA_L", "Ada_l"])
async def test_refuses_a_username_that_is_taken_ignoring_case(
    users: SqlUsers, connection: asyncpg.Connection, username: str
) -> None:
    await users.add(a_user("ada_l"))
    with pytest.raises(UsernameTaken) as caught:
        await users.add(a_user(username))
    assert caught.value.username == username
    assert await connection.fetchval("SELECT count(*) FROM users") == 1


async def test_the_database_itself_holds_usernames_apart(users: SqlUsers, connection: asyncpg.Connection) -> None:
    user = a_user("ada_l")
    await users.add(user)
    with pytest.raises(asyncpg.UniqueViolationError) as caught:
        await connection.execute(
            "INSERT INTO users SELECT $1, 'ADA_L', first_name, second_name, birthday, created_at FROM users", new_id()
        )
    assert caught.value.constraint_name == USERNAME_INDEX


async def test_an_id_used_twice_is_a_bug_and_no_taken_username(users: SqlUsers) -> None:
    user = a_user("ada_l")
    await users.add(user)
    with pytest.raises(IntegrityError, match="pk_users"):
        await users.add(a_user("bob_m", user_id=user.id))


async def test_tells_which_users_exist_however_often_they_are_asked_for(users: SqlUsers) -> None:
    first, second = await some_users(users, 2)
    asked = [first.id, STRANGER, second.id, first.id, STRANGER]
    assert await users.existing(asked) == {first.id, second.id}
    assert await users.existing([]) == frozenset()


async def test_an_empty_table_has_one_empty_page(users: SqlUsers) -> None:
    page = await users.page(limit=10, after=None)
    assert (page.items, page.next_after) == ((), None)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
async def test_pages_hold_each_user_once_newest_first(users: SqlUsers, limit: int) -> None:
    added = await some_users(users, 5)
    page = await users.page(limit=limit, after=None)
    walked = [*page.items]
    while page.next_after is not None:
        page = await users.page(limit=limit, after=page.next_after)
        assert page.items
        walked += page.items
    assert walked == added[::-1]


async def test_a_page_is_not_moved_by_users_who_came_meanwhile(users: SqlUsers) -> None:
    first, second = await some_users(users, 2)
    newest = await users.page(limit=1, after=None)
    await users.add(a_user("newcomer"))
    assert newest.items == (second,)
    assert (await users.page(limit=1, after=newest.next_after)).items == (first,)
