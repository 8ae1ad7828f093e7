"""The repository of accounts on a real PostgreSQL: it fulfils its contract and commits."""

import asyncpg
import pytest

from chassis.database import Database

from accounts_service.infrastructure.database.accounts import SqlAccounts
from accounts_service.infrastructure.database.sessions import SqlSessions

from ...core.repositories.accounts import AccountRepositoryContract, an_account
from ...core.repositories.sessions import a_session, two_accounts


@pytest.fixture
async def repository(database: Database, connection: asyncpg.Connection) -> SqlAccounts:
    await connection.execute("TRUNCATE accounts CASCADE")
    return SqlAccounts(database)


class TestSqlAccounts(AccountRepositoryContract):
    pass


async def test_commits_before_it_returns(repository: SqlAccounts, connection: asyncpg.Connection) -> None:
    await repository.add(an_account(username="ada_l"))
    assert await connection.fetchval("SELECT username FROM accounts") == "ada_l"


async def test_password_change_ends_the_sessions_of_the_account(
    repository: SqlAccounts, database: Database, connection: asyncpg.Connection
) -> None:
    await two_accounts(repository)
    sessions = SqlSessions(database)
    for number, account in ((1, 1), (2, 1), (3, 2)):
        await sessions.add(a_session(number, account=account)[1], password_version=1)
    await repository.change_password(an_account(1), "new hash")
    assert [row["account_id"].int for row in await connection.fetch("SELECT account_id FROM sessions")] == [2]
