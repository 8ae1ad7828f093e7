"""Where friendships are kept."""

from typing import Protocol
from uuid import UUID

from ..entities.friendships import Friendship
from ..entities.pages import Page


class FriendshipRepository(Protocol):
    """The friendships, as the use cases need them; what goes wrong with the storage itself passes through."""

    async def add(self, friendship: Friendship) -> None:
        """Keep a new friendship durably, or raise FriendshipExists, also for one added meanwhile."""

    async def get(self, friendship_id: UUID) -> Friendship | None:
        """The friendship with this id, if there is one."""

    async def page_of_user(self, user_id: UUID, *, limit: int, after: UUID | None) -> Page[Friendship]:
        """At most `limit` friendships begun by or with this user, by descending id, strictly below `after` if given."""
