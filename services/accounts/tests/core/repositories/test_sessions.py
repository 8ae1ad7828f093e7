"""The in-memory repository behaves like the one on PostgreSQL."""

import pytest

from .accounts import InMemoryAccounts
from .sessions import InMemorySessions, SessionRepositoryContract, two_accounts


class TestInMemorySessions(SessionRepositoryContract):
    @pytest.fixture
    async def repository(self) -> InMemorySessions:
        accounts = InMemoryAccounts()
        await two_accounts(accounts)
        return InMemorySessions(accounts)
