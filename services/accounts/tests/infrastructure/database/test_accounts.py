"""The repository on a real PostgreSQL: it keeps its contract, and durably."""

import asyncpg
import pytest
from sqlalchemy.exc import IntegrityError

from chassis.database import Database

from accounts_service.infrastructure.database import accounts as tables

from ...core.repositories import accounts as contract


@pytest.fixture
async def repository(database: Database, connection: asyncpg.Connection) -> tables.SqlAccounts:
    await connection.execute('TRUNCATE "accounts" CASCADE')
    return tables.SqlAccounts(database)


class TestSqlAccounts(contract.AccountRepositoryContract):
    id_used_twice = IntegrityError


async def test_has_committed_when_it_returns(
    repository: tables.SqlAccounts,
    connection: asyncpg.Connection,
) -> None:
    await repository.add(contract.make_one(name="First"))
    assert await connection.fetchval('SELECT name FROM "accounts"') == "First"
