"""One page of a list that is walked by id."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Generic[T]):
    """Some items, and the id after which the next page begins (`None` on the last page)."""

    items: tuple[T, ...]
    next_after: UUID | None

    @classmethod
    def cut(cls, rows: Sequence[T], *, limit: int, key: Callable[[T], UUID]) -> "Page[T]":
        """Make a page of at most `limit` (1 or more) items from `limit + 1` fetched rows.

        The row too many only tells that there is more: no count, and no empty last page.
        """
        items = tuple(rows[:limit])
        return cls(items=items, next_after=key(items[-1]) if len(rows) > limit else None)
