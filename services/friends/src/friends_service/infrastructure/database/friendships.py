"""Friendships in PostgreSQL: the table, the statements (built once), and the repository."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    Executable,
    Index,
    String,
    Subquery,
    bindparam,
    insert,
    select,
    text,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from ...chassis.database import Base, Database, constraint_errors
from ...core.entities.friendships import TAG_MAX, Friendship
from ...core.entities.pages import Page
from ...core.errors import FriendshipExists, SelfFriendship

PAIR_INDEX: Final = "uq_friendships_pair"
NOT_SELF: Final = "ck_friendships_not_self"


class FriendshipRow(Base):
    """The table of friendships; the migration says why the indexes are as they are."""

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


# Columns, not entities: without an identity map a row costs half.
_SELECT: Final = select(
    FriendshipRow.id,
    FriendshipRow.initiator_id,
    FriendshipRow.target_id,
    FriendshipRow.tag,
    FriendshipRow.created_at,
)
_INSERT: Final = insert(FriendshipRow)
_GET: Final = _SELECT.where(FriendshipRow.id == bindparam("friendship_id"))


def _page_statement(*, first: bool) -> Executable:
    """Two range scans, one for each direction, of which at most a page each is read, merged by id."""

    def half(side: InstrumentedAttribute[UUID]) -> Subquery:
        mine = _SELECT.where(side == bindparam("user_id"))
        begun = mine if first else mine.where(FriendshipRow.id < bindparam("after"))
        return begun.order_by(FriendshipRow.id.desc()).limit(bindparam("limit")).subquery()

    halves = (half(side) for side in (FriendshipRow.initiator_id, FriendshipRow.target_id))
    both = union_all(*map(select, halves)).subquery()
    return select(both).order_by(both.c.id.desc()).limit(bindparam("limit"))


_FIRST_PAGE: Final = _page_statement(first=True)
_NEXT_PAGE: Final = _page_statement(first=False)


class SqlFriendships:
    """`FriendshipRepository` on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, friendship: Friendship) -> None:
        """Insert the friendship; the unique index on the pair decides between several, in either direction."""
        row = {
            "id": friendship.id,
            "initiator_id": friendship.initiator_id,
            "target_id": friendship.target_id,
            "tag": friendship.tag,
            "created_at": friendship.created_at,
        }
        with constraint_errors({PAIR_INDEX: FriendshipExists(), NOT_SELF: SelfFriendship()}):
            async with self._database.statement() as connection:
                await connection.execute(_INSERT, row)

    async def get(self, friendship_id: UUID) -> Friendship | None:
        """Look the friendship up by primary key."""
        async with self._database.statement() as connection:
            row = (await connection.execute(_GET, {"friendship_id": friendship_id})).one_or_none()
        return None if row is None else Friendship(**row._asdict())

    async def page_of_user(self, user_id: UUID, *, limit: int, after: UUID | None) -> Page[Friendship]:
        """Read at most a page of each direction, however many friends the user has and however deep the page is."""
        statement = _FIRST_PAGE if after is None else _NEXT_PAGE
        parameters = {"user_id": user_id, "limit": limit + 1} | ({} if after is None else {"after": after})
        async with self._database.statement() as connection:
            rows = (await connection.execute(statement, parameters)).all()
        friendships = [Friendship(**row._asdict()) for row in rows]
        return Page.cut(friendships, limit=limit, key=lambda friendship: friendship.id)
