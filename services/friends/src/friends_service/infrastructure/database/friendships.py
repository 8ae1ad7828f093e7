"""Friendships in PostgreSQL: the table, the statements (built once), and the repository."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    DateTime,
    Index,
    Select,
    String,
    Subquery,
    Uuid,
    bindparam,
    insert,
    literal_column,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from chassis.database import Base, Database, constraint_errors, prepared

from ...core.entities.friendships import TAG_MAX, Friendship, FriendshipExists, SelfFriendship
from ...core.entities.pages import Page

PAIR_INDEX: Final = "uq_friendships_pair"
NOT_SELF: Final = "ck_friendships_not_self"


class FriendshipRow(Base):
    """The table of friendships. The migration explains the indexes."""

    __tablename__ = "friendships"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    initiator_id: Mapped[UUID]
    target_id: Mapped[UUID]
    tag: Mapped[str | None] = mapped_column(String(TAG_MAX))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("initiator_id != target_id", name="not_self"),
        Index(
            PAIR_INDEX, text("LEAST(initiator_id, target_id)"), text("GREATEST(initiator_id, target_id)"), unique=True
        ),
        Index("ix_friendships_initiator_id_id", "initiator_id", "id"),
        Index("ix_friendships_target_id_id", "target_id", "id"),
    )


_SELECT: Final = select(
    FriendshipRow.id, FriendshipRow.initiator_id, FriendshipRow.target_id, FriendshipRow.tag, FriendshipRow.created_at
)
_INSERT: Final = prepared(insert(FriendshipRow))
_GET: Final = prepared(_SELECT.where(FriendshipRow.id == bindparam("friendship_id")))


def _half_of_page(side: InstrumentedAttribute[UUID], limit: ColumnElement[int]) -> Subquery:
    """Return a page of one direction, read backwards in the index on `side` and ID.

    With `side = :user_id AND id < :after`, the planner might walk the primary key and skip the rows of other users,
    which for old friendships of a user with many friends is the whole table.
    """
    user_id, after = bindparam("user_id", type_=Uuid()), bindparam("after", type_=Uuid())
    mine = _SELECT.where(side >= user_id, tuple_(side, FriendshipRow.id) < tuple_(user_id, after))
    return mine.order_by(side.desc(), FriendshipRow.id.desc()).limit(limit).subquery()


def _page(limit: ColumnElement[int]) -> Select[*tuple[Any, ...]]:
    """Return both directions, merged by ID. Reads at most a page of each."""
    halves = [_half_of_page(side, limit) for side in (FriendshipRow.initiator_id, FriendshipRow.target_id)]
    both = union_all(*map(select, halves)).subquery()
    return select(both).order_by(both.c.id.desc()).limit(limit)


_PAGE: Final = prepared(_page(bindparam("limit")))
# With a literal limit PostgreSQL keeps the plan; with a parameter it plans each call, which takes longer than reading.
_USUAL_LIMIT: Final = 21  # the default limit, and one row that shows whether there are more
_USUAL_PAGE: Final = prepared(_page(literal_column(str(_USUAL_LIMIT))))
_NEWEST: Final = UUID(int=2**128 - 1)


class SqlFriendships:
    """`FriendshipRepository` in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, friendship: Friendship) -> None:
        """Insert the friendship. The unique index on the pair decides between concurrent calls, in both directions."""
        row = {
            "id": friendship.id,
            "initiator_id": friendship.initiator_id,
            "target_id": friendship.target_id,
            "tag": friendship.tag,
            "created_at": friendship.created_at,
        }
        with constraint_errors({PAIR_INDEX: FriendshipExists(), NOT_SELF: SelfFriendship()}):
            await self._database.execute(_INSERT, row)

    async def get(self, friendship_id: UUID) -> Friendship | None:
        """Return the row with this primary key, or None."""
        row = (await self._database.execute(_GET, {"friendship_id": friendship_id})).one_or_none()
        return _friendship(row) if row else None

    async def page_of_user(self, user_id: UUID, *, limit: int, after: UUID | None) -> Page[Friendship]:
        """Return a page. Reads at most a page of each direction, so all pages take the same time."""
        place = {"user_id": user_id, "after": after or _NEWEST}
        if limit + 1 == _USUAL_LIMIT:
            rows = await self._database.execute(_USUAL_PAGE, place)
        else:
            rows = await self._database.execute(_PAGE, {**place, "limit": limit + 1})
        return Page.cut(list(map(_friendship, rows)), limit=limit, key=lambda friendship: friendship.id)


def _friendship(row: Sequence[Any]) -> Friendship:
    friendship_id, initiator_id, target_id, tag, created_at = row
    return Friendship(id=friendship_id, initiator_id=initiator_id, target_id=target_id, tag=tag, created_at=created_at)
