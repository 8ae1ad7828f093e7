"""The repository of users on a real PostgreSQL: it fulfils its contract, commits, and survives races."""

import asyncio
from collections import Counter
from types import NoneType
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from chassis.database import Database
from chassis.ids import new_id

from users_service.core.entities.users import UsernameTaken
from users_service.infrastructure.database.users import USERNAME_INDEX, SqlUsers
from users_service.settings import Settings

from ...core.repositories.users import UserRepositoryContract, a_user


@pytest.fixture
async def repository(database: Database, connection: asyncpg.Connection) -> SqlUsers:
    await connection.execute("TRUNCATE users CASCADE")
    return SqlUsers(database)


class TestSqlUsers(UserRepositoryContract):
    pass


async def test_commits_before_it_returns(repository: SqlUsers, connection: asyncpg.Connection) -> None:
    await repository.add(a_user(username="ada_l"))
    assert await connection.fetchval("SELECT username FROM users") == "ada_l"


async def test_concurrent_registrations_of_a_username_succeed_once(
    repository: SqlUsers, connection: asyncpg.Connection
) -> None:
    users = [a_user(number, username="ada_l" if number % 2 else "ADA_L") for number in range(20)]
    outcomes = await asyncio.gather(*map(repository.add, users), return_exceptions=True)
    assert Counter(map(type, outcomes)) == {NoneType: 1, UsernameTaken: 19}
    assert await connection.fetchval("SELECT count(*) FROM users") == 1


async def test_database_constraint_keeps_usernames_unique(repository: SqlUsers, connection: asyncpg.Connection) -> None:
    await repository.add(a_user(username="ada_l"))
    with pytest.raises(asyncpg.UniqueViolationError) as caught:
        await connection.execute(
            "INSERT INTO users SELECT $1, 'ADA_L', first_name, second_name, birthday, created_at FROM users", new_id()
        )
    assert caught.value.constraint_name == USERNAME_INDEX


async def test_pages_of_the_default_length_equal_other_pages(repository: SqlUsers) -> None:
    """A prepared statement reads them."""
    for number in range(1, 50):
        await repository.add(a_user(number))
    for after in (None, UUID(int=49), UUID(int=30), UUID(int=21), UUID(int=20), UUID(int=1)):
        usual = await repository.page(limit=20, after=after)
        longer = await repository.page(limit=21, after=after)
        assert usual.items == longer.items[:20]
        assert (usual.next_after is not None) == (len(longer.items) > 20)


async def test_postgresql_caches_the_plan_of_a_default_page(settings: Settings) -> None:
    async with Database(settings.model_copy(update={"database_pool_size": 1})) as database:
        for _ in range(10):
            await SqlUsers(database).page(limit=20, after=None)
        plans = text("SELECT max(generic_plans) FROM pg_prepared_statements WHERE statement LIKE '%ORDER BY%'")
        assert (await database.execute(plans)).scalar_one() >= 4
