"""Ports of the core, kept in memory."""

from collections.abc import Collection
from uuid import UUID

from friends_service.core.entities.friendships import Friendship, FriendshipExists
from friends_service.core.entities.pages import Page


class InMemoryFriendships:
    """A FriendshipRepository that holds the same rules as the database."""

    def __init__(self) -> None:
        self.friendships: dict[UUID, Friendship] = {}

    async def add(self, friendship: Friendship) -> None:
        if any(other.pair == friendship.pair for other in self.friendships.values()):
            raise FriendshipExists
        self.friendships[friendship.id] = friendship

    async def get(self, friendship_id: UUID) -> Friendship | None:
        return self.friendships.get(friendship_id)

    async def page_of_user(self, user_id: UUID, *, limit: int, after: UUID | None) -> Page[Friendship]:
        rows = [
            friendship
            for friendship in self.friendships.values()
            if user_id in friendship.pair and (after is None or friendship.id < after)
        ]
        rows.sort(key=lambda row: row.id, reverse=True)
        return Page.cut(rows[: limit + 1], limit=limit, key=lambda row: row.id)


class RecordingDirectory:
    """A UserDirectory that knows some users, records what it is asked, and can fail."""

    def __init__(self, *known: UUID) -> None:
        self.known = set(known)
        self.calls: list[tuple[UUID, ...]] = []
        self.failure: Exception | None = None

    async def unknown(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        self.calls.append(tuple(user_ids))
        if self.failure is not None:
            raise self.failure
        return frozenset(user_ids) - self.known
