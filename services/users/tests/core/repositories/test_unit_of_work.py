"""What use cases are tested with undoes as the database does, and says what was committed."""

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


async def test_counts_what_was_committed() -> None:
    unit_of_work = InMemoryUnitOfWork()
    async with unit_of_work(), unit_of_work():
        assert unit_of_work.committed == 0
    assert unit_of_work.committed == 1
