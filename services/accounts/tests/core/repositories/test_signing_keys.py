"""The in-memory repository behaves like the one on PostgreSQL."""

import pytest

from .signing_keys import InMemoryKeys, SigningKeyRepositoryContract


class TestInMemoryKeys(SigningKeyRepositoryContract):
    @pytest.fixture
    def repository(self) -> InMemoryKeys:
        return InMemoryKeys()
