"""What the use cases are tested over does what the database does."""

import pytest

from .accounts import AccountRepositoryContract, InMemoryAccounts


class TestInMemoryAccounts(AccountRepositoryContract):
    @pytest.fixture
    def repository(self) -> InMemoryAccounts:
        return InMemoryAccounts()
