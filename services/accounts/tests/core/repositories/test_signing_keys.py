"""What the use cases are tested over does what the database does."""

import pytest

from .signing_keys import InMemoryKeys, SigningKeyRepositoryContract


class TestInMemoryKeys(SigningKeyRepositoryContract):
    @pytest.fixture
    def repository(self) -> InMemoryKeys:
        return InMemoryKeys()
