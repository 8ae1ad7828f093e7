"""What the use cases are tested over does what the database does."""

import pytest

from .users import InMemoryUsers, UserRepositoryContract


class TestInMemoryUsers(UserRepositoryContract):
    @pytest.fixture
    def repository(self) -> InMemoryUsers:
        return InMemoryUsers()
