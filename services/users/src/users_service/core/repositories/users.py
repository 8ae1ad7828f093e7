"""The repository of users."""

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

from ..entities.pages import Page
from ..entities.users import User


class UserRepository(Protocol):
    """The storage for the use cases. Errors of the storage itself pass through."""

    async def add(self, user: User) -> None:
        """Add a new user durably. Raises UsernameTaken or ProfileExists, also for concurrent calls."""

    async def get(self, user_id: UUID) -> User | None:
        """Return the user with this ID, or None."""

    async def existing(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        """Return which of these IDs belong to users, with one query. Duplicates are fine."""

    async def page(self, *, limit: int, after: UUID | None) -> Page[User]:
        """Return at most `limit` users by descending ID (newest first), strictly below `after` if given."""
