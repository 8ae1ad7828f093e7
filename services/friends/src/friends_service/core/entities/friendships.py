"""A friendship, its rules, and what can be wrong with one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from uuid import UUID

from .text import clean

TAG_MAX: Final = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Friendship:
    """Two different users, one of whom began it; `begin` makes a new one, the constructor trusts a stored tag.

    Nobody is their own friend: no instance can be made otherwise (SelfFriendship).
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
        """A new friendship that keeps every rule, or SelfFriendship or InvalidValue."""
        return cls(
            id=friendship_id,
            initiator_id=initiator_id,
            target_id=target_id,
            tag=None if tag is None else clean_tag(tag),
            created_at=created_at,
        )

    @property
    def pair(self) -> tuple[UUID, UUID]:
        """Both users, lower id first: what must be unique, whoever began it. PostgreSQL sorts UUIDs alike."""
        low, high = sorted((self.initiator_id, self.target_id))
        return low, high


class NotTheInitiator(Exception):
    """Somebody else than the caller is named as the one who begins a friendship."""

    def __str__(self) -> str:
        return "You can begin friendships of your own only: leave `initiator_id` out, or name yourself."


class SelfFriendship(Exception):
    """Both sides of a friendship are the same user."""

    def __str__(self) -> str:
        return "Nobody can be their own friend."


class FriendshipExists(Exception):
    """The two users are friends already, whoever of them began it."""

    def __str__(self) -> str:
        return "These two users are friends already; it makes no difference who began it."


class FriendshipNotFound(Exception):
    """No friendship has this id."""

    def __init__(self, friendship_id: UUID) -> None:
        self.friendship_id = friendship_id

    def __str__(self) -> str:
        return f"No friendship has the id {self.friendship_id}."


class UsersNotFound(Exception):
    """The users service knows no users with these ids."""

    def __init__(self, user_ids: tuple[UUID, ...]) -> None:
        self.user_ids = user_ids

    def __str__(self) -> str:
        return f"No user has the id {' or '.join(map(str, self.user_ids))}."


def clean_tag(value: str) -> str:
    """1 to 50 characters of any script; a friendship without a tag has None, not a blank one."""
    return clean(value, field="tag", maximum=TAG_MAX)
