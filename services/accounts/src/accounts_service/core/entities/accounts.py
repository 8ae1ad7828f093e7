"""Account: what it is, its rules, and what can be wrong with one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from uuid import UUID

from .text import clean

NAME_MAX: Final = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """What this service manages; `create` makes a new one, the constructor trusts what the database holds."""

    id: UUID
    name: str
    created_at: datetime
    """In UTC."""

    @classmethod
    def create(cls, *, new_id: UUID, name: str, created_at: datetime) -> Self:
        """A new one that keeps every rule, or InvalidValue."""
        return cls(id=new_id, name=clean_name(name), created_at=created_at)


class AccountNotFound(Exception):
    """No account has this id."""

    def __init__(self, wanted_id: UUID) -> None:
        self.wanted_id = wanted_id

    def __str__(self) -> str:
        return f"No account has the id {self.wanted_id}."


def clean_name(value: str) -> str:
    """1 to 100 characters of any script."""
    return clean(value, field="name", maximum=NAME_MAX)
