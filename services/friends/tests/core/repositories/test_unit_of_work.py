"""The in-memory unit of work rolls back like the database, and counts commits."""

import pytest

from friends_service.core.repositories.unit_of_work import UnitOfWork

from .friendships import InMemoryFriendships, a_friendship
from .unit_of_work import InMemoryUnitOfWork, UnitOfWorkContract


class TestInMemoryUnitOfWork(UnitOfWorkContract):
    make = staticmethod(a_friendship)

    @pytest.fixture
    def repository(self) -> InMemoryFriendships:
        return InMemoryFriendships()

    @pytest.fixture
    def unit_of_work(self, repository: InMemoryFriendships) -> UnitOfWork:
        return InMemoryUnitOfWork(repository)


async def test_counts_commits() -> None:
    unit_of_work = InMemoryUnitOfWork()
    async with unit_of_work(), unit_of_work():
        assert unit_of_work.committed == 0
    assert unit_of_work.committed == 1
