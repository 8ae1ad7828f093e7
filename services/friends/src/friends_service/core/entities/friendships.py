"""A friendship: the entity, its rules and its errors."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from uuid import UUID

from .text import clean

TAG_MAX: Final = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Friendship:
    """Two different users, one of whom started it. Use `begin` for a new one: the constructor does not check the tag.

    Raises SelfFriendship if both users are the same.
    """

    id: UUID
    initiator_id: UUID
    target_id: UUID
    tag: str | None
    created_at: datetime
    """In UTC."""

    def __post_init__(self) -> None:
        if self.initiator_id == self.target_id:
            raise SelfFriendship

    @classmethod
    def begin(
        cls,
        *,
        friendship_id: UUID,
        initiator_id: UUID,
        target_id: UUID,
        tag: str | None,
        created_at: datetime,
    ) -> Self:
        """Return a new friendship. Raises SelfFriendship or InvalidValue if it breaks a rule."""
        return cls(
            id=friendship_id,
            initiator_id=initiator_id,
            target_id=target_id,
            tag=None if tag is None else clean_tag(tag),
            created_at=created_at,
        )

    @property
    def pair(self) -> tuple[UUID, UUID]:
        """Return both user IDs, lower one first, which must be unique. PostgreSQL sorts UUIDs in the same way."""
        low, high = sorted((self.initiator_id, self.target_id))
        return low, high


class NotTheInitiator(Exception):
    """The given initiator is not the caller."""

    def __str__(self) -> str:
        return "You can only start your own friendships: leave out `initiator_id`, or set it to your own ID."


class SelfFriendship(Exception):
    """Both sides of a friendship are the same user."""

    def __str__(self) -> str:
        return "A user cannot be their own friend."


class FriendshipExists(Exception):
    """The two users are already friends, regardless of who started it."""

    def __str__(self) -> str:
        return "These two users are already friends, regardless of who started it."


class FriendshipNotFound(Exception):
    """No friendship has this ID."""

    def __init__(self, friendship_id: UUID) -> None:
        self.friendship_id = friendship_id

    def __str__(self) -> str:
        return f"No friendship has the ID {self.friendship_id}."


class UsersNotFound(Exception):
    """The users service has no users with these IDs."""

    def __init__(self, user_ids: tuple[UUID, ...]) -> None:
        self.user_ids = user_ids

    def __str__(self) -> str:
        return f"No user has the ID {' or '.join(map(str, self.user_ids))}."


def clean_tag(value: str) -> str:
    """Return the cleaned tag of 1 to 50 characters of any script. Raises InvalidValue. Use None for no tag."""
    return clean(value, field="tag", maximum=TAG_MAX)
