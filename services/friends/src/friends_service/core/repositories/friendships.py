"""The repository of friendships."""

from typing import Protocol
from uuid import UUID

from ..entities.friendships import Friendship
from ..entities.pages import Page


class FriendshipRepository(Protocol):
    """The storage for the use cases. Errors of the storage itself pass through."""

    async def add(self, friendship: Friendship) -> None:
        """Add a new friendship durably. Raises FriendshipExists, also for concurrent calls."""

    async def get(self, friendship_id: UUID) -> Friendship | None:
        """Return the friendship with this ID, or None."""

    async def page_of_user(self, user_id: UUID, *, limit: int, after: UUID | None) -> Page[Friendship]:
        """Return at most `limit` friendships of this user, by descending ID, strictly below `after` if given."""
