"""Where users are kept."""

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

from ..entities.pages import Page
from ..entities.users import User


class UserRepository(Protocol):
    """The users, as the use cases need them; what goes wrong with the storage itself passes through."""

    async def add(self, user: User) -> None:
        """Keep a new user durably, or raise UsernameTaken or ProfileExists; holds whatever else is added meanwhile."""

    async def get(self, user_id: UUID) -> User | None:
        """The user with this id, if there is one."""

    async def existing(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        """Which of these ids belong to users, in one query; duplicates are fine."""

    async def page(self, *, limit: int, after: UUID | None) -> Page[User]:
        """At most `limit` users by descending id (newest first), strictly below `after` if that is given."""
