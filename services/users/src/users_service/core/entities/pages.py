"""Pages of a list that is sorted by ID."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Generic[T]):
    """Items of a page, and the ID after which the next page begins (None on the last page)."""

    items: tuple[T, ...]
    next_after: UUID | None

    @classmethod
    def cut(cls, rows: Sequence[T], *, limit: int, key: Callable[[T], UUID]) -> "Page[T]":
        """Return a page of at most `limit` (1 or more) items from `limit + 1` fetched rows.

        The extra row shows that there are more, without a count or an empty last page.
        """
        items = tuple(rows[:limit])
        return cls(items=items, next_after=key(items[-1]) if len(rows) > limit else None)
