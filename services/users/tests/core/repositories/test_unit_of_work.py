"""The in-memory unit of work rolls back like the database, and counts commits."""

import pytest

from users_service.core.repositories.unit_of_work import UnitOfWork

from .unit_of_work import InMemoryUnitOfWork, UnitOfWorkContract
from .users import InMemoryUsers, a_user


class TestInMemoryUnitOfWork(UnitOfWorkContract):
    make = staticmethod(a_user)

    @pytest.fixture
    def repository(self) -> InMemoryUsers:
        return InMemoryUsers()

    @pytest.fixture
    def unit_of_work(self, repository: InMemoryUsers) -> UnitOfWork:
        return InMemoryUnitOfWork(repository)


async def test_counts_commits() -> None:
    unit_of_work = InMemoryUnitOfWork()
    async with unit_of_work(), unit_of_work():
        assert unit_of_work.committed == 0
    assert unit_of_work.committed == 1
