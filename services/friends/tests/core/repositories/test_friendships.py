"""What the use cases are tested over does what the database does."""

import pytest

from .friendships import FriendshipRepositoryContract, InMemoryFriendships


class TestInMemoryFriendships(FriendshipRepositoryContract):
    id_used_twice = ValueError

    @pytest.fixture
    def repository(self) -> InMemoryFriendships:
        return InMemoryFriendships()
