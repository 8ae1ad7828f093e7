"""What the use cases are tested over does what the database does."""

import pytest

from . import accounts as contract


class TestInMemoryAccounts(contract.AccountRepositoryContract):
    id_used_twice = ValueError

    @pytest.fixture
    def repository(self) -> contract.InMemoryAccounts:
        return contract.InMemoryAccounts()
