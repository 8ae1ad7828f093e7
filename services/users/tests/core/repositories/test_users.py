"""The in-memory repository behaves like the one on PostgreSQL."""

import pytest

from .users import InMemoryUsers, UserRepositoryContract


class TestInMemoryUsers(UserRepositoryContract):
    @pytest.fixture
    def repository(self) -> InMemoryUsers:
        return InMemoryUsers()
