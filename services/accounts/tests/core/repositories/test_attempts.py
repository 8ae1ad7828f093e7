"""What the use cases are tested over does what the database does."""

import pytest

from .attempts import AttemptRepositoryContract, InMemoryAttempts


class TestInMemoryAttempts(AttemptRepositoryContract):
    @pytest.fixture
    def repository(self) -> InMemoryAttempts:
        return InMemoryAttempts()
