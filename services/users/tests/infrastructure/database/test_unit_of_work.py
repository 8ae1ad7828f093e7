"""A transaction is a unit of work: repositories join it automatically."""

import asyncpg
import pytest

from chassis.database import Database

from users_service.core.repositories.unit_of_work import UnitOfWork
from users_service.infrastructure.database.users import SqlUsers

from ...core.repositories.unit_of_work import UnitOfWorkContract
from ...core.repositories.users import a_user


class TestTransactionAsUnitOfWork(UnitOfWorkContract):
    make = staticmethod(a_user)

    @pytest.fixture
    async def repository(self, database: Database, connection: asyncpg.Connection) -> SqlUsers:
        await connection.execute("TRUNCATE users CASCADE")
        return SqlUsers(database)

    @pytest.fixture
    def unit_of_work(self, database: Database) -> UnitOfWork:
        return database.transaction
