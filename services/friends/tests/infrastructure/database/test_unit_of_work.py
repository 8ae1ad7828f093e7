"""A transaction is a unit of work: repositories join it automatically."""

import asyncpg
import pytest

from chassis.database import Database

from friends_service.core.repositories.unit_of_work import UnitOfWork
from friends_service.infrastructure.database.friendships import SqlFriendships

from ...core.repositories.friendships import a_friendship
from ...core.repositories.unit_of_work import UnitOfWorkContract


class TestTransactionAsUnitOfWork(UnitOfWorkContract):
    make = staticmethod(a_friendship)

    @pytest.fixture
    async def repository(self, database: Database, connection: asyncpg.Connection) -> SqlFriendships:
        await connection.execute("TRUNCATE friendships CASCADE")
        return SqlFriendships(database)

    @pytest.fixture
    def unit_of_work(self, database: Database) -> UnitOfWork:
        return database.transaction
