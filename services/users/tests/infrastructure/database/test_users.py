"""The repository of users on a real PostgreSQL: it keeps its contract, durably and in a race."""

import asyncio
from collections import Counter
from types import NoneType

import asyncpg
import pytest

from chassis.database import Database
from chassis.ids import new_id

from users_service.core.entities.users import UsernameTaken
from users_service.infrastructure.database.users import USERNAME_INDEX, SqlUsers

from ...core.repositories.users import UserRepositoryContract, a_user


@pytest.fixture
async def repository(database: Database, connection: asyncpg.Connection) -> SqlUsers:
    await connection.execute("TRUNCATE users CASCADE")
    return SqlUsers(database)


class TestSqlUsers(UserRepositoryContract):
    pass


async def test_has_committed_when_it_returns(repository: SqlUsers, connection: asyncpg.Connection) -> None:
    await repository.add(a_user(username="ada_l"))
    assert await connection.fetchval("SELECT username FROM users") == "ada_l"


async def test_of_many_who_take_a_username_at_once_exactly_one_gets_it(
    repository: SqlUsers, connection: asyncpg.Connection
) -> None:
    users = [a_user(number, username="ada_l" if number % 2 else "ADA_L") for number in range(20)]
    outcomes = await asyncio.gather(*map(repository.add, users), return_exceptions=True)
    assert Counter(map(type, outcomes)) == {NoneType: 1, UsernameTaken: 19}
    assert await connection.fetchval("SELECT count(*) FROM users") == 1


async def test_the_database_itself_holds_usernames_apart(repository: SqlUsers, connection: asyncpg.Connection) -> None:
    await repository.add(a_user(username="ada_l"))
    with pytest.raises(asyncpg.UniqueViolationError) as caught:
        await connection.execute(
            "INSERT INTO users SELECT $1, 'ADA_L', first_name, second_name, birthday, created_at FROM users", new_id()
        )
    assert caught.value.constraint_name == USERNAME_INDEX
