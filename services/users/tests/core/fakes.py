"""Ports of the core, kept in memory."""

from collections.abc import Collection
from uuid import UUID

from users_service.core.entities.pages import Page
from users_service.core.entities.users import User, UsernameTaken


def username_key(username: str) -> str:
    """What must be unique: usernames that differ only in case are the same one."""
    return username.casefold()


class InMemoryUsers:
    """A UserRepository that holds the same rules as the database."""

    def __init__(self) -> None:
        self.users: dict[UUID, User] = {}

    async def add(self, user: User) -> None:
        key = username_key(user.username)
        if any(username_key(other.username) == key for other in self.users.values()):
            raise UsernameTaken(user.username)
        self.users[user.id] = user

    async def get(self, user_id: UUID) -> User | None:
        return self.users.get(user_id)

    async def existing(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        return frozenset(user_ids) & self.users.keys()

    async def page(self, *, limit: int, after: UUID | None) -> Page[User]:
        ids = sorted((user_id for user_id in self.users if after is None or user_id < after), reverse=True)
        return Page.cut([self.users[user_id] for user_id in ids[: limit + 1]], limit=limit, key=lambda user: user.id)
