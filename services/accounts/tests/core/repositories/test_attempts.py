"""The in-memory repository behaves like the one on PostgreSQL."""

import pytest

from .attempts import AttemptRepositoryContract, InMemoryAttempts


class TestInMemoryAttempts(AttemptRepositoryContract):
    @pytest.fixture
    def repository(self) -> InMemoryAttempts:
        return InMemoryAttempts()
