"""The in-memory repository behaves like the one on PostgreSQL."""

import pytest

from .friendships import FriendshipRepositoryContract, InMemoryFriendships


class TestInMemoryFriendships(FriendshipRepositoryContract):
    id_used_twice = ValueError

    @pytest.fixture
    def repository(self) -> InMemoryFriendships:
        return InMemoryFriendships()
