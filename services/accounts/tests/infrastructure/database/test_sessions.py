"""The repository of sessions on a real PostgreSQL: it fulfils its contract, also during a password change."""

import asyncio

import asyncpg
import pytest

from chassis.database import Database

from accounts_service.infrastructure.database.accounts import SqlAccounts
from accounts_service.infrastructure.database.sessions import SqlSessions

from ...core.repositories.accounts import an_account
from ...core.repositories.sessions import SessionRepositoryContract, a_session, two_accounts


@pytest.fixture
async def repository(database: Database, connection: asyncpg.Connection) -> SqlSessions:
    await connection.execute("TRUNCATE accounts CASCADE")
    await two_accounts(SqlAccounts(database))
    return SqlSessions(database)


class TestSqlSessions(SessionRepositoryContract):
    pass


async def test_no_session_remains_of_a_login_during_a_password_change(
    repository: SqlSessions, database: Database, connection: asyncpg.Connection
) -> None:
    accounts = SqlAccounts(database)
    for number in range(1, 21):
        account = await accounts.get(an_account(1).id)
        assert account is not None
        version = account.password_version
        adding = [repository.add(a_session(number * 10 + each)[1], password_version=version) for each in range(4)]
        await asyncio.gather(*adding[:2], accounts.change_password(account, "new hash"), *adding[2:])
        assert await connection.fetchval("SELECT count(*) FROM sessions") == 0
