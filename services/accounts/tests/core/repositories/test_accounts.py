"""The in-memory repository behaves like the one on PostgreSQL."""

import pytest

from .accounts import AccountRepositoryContract, InMemoryAccounts


class TestInMemoryAccounts(AccountRepositoryContract):
    @pytest.fixture
    def repository(self) -> InMemoryAccounts:
        return InMemoryAccounts()
