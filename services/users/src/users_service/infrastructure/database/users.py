"""Users in PostgreSQL: the table, the statements (built once), and the repository."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Index,
    Select,
    String,
    Uuid,
    any_,
    bindparam,
    insert,
    literal_column,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Database, constraint_errors, prepared

from ...core.entities.pages import Page
from ...core.entities.users import NAME_MAX, USERNAME_MAX, ProfileExists, User, UsernameTaken

PRIMARY_KEY: Final = "pk_users"
USERNAME_INDEX: Final = "uq_users_lower_username"


class UserRow(Base):
    """The table of users."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(USERNAME_MAX))
    first_name: Mapped[str] = mapped_column(String(NAME_MAX))
    second_name: Mapped[str] = mapped_column(String(NAME_MAX))
    birthday: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    # Usernames are ASCII, for which lower() is the same as case folding.
    __table_args__ = (Index(USERNAME_INDEX, text("lower(username)"), unique=True),)


_SELECT: Final = select(
    UserRow.id, UserRow.username, UserRow.first_name, UserRow.second_name, UserRow.birthday, UserRow.created_at
)


def _page(limit: ColumnElement[int]) -> Select[*tuple[Any, ...]]:
    """Return the statement for a page. It walks the primary key backwards, so all pages take the same time."""
    return _SELECT.where(UserRow.id < bindparam("after")).order_by(UserRow.id.desc()).limit(limit)


_INSERT: Final = prepared(insert(UserRow))
_GET: Final = prepared(_SELECT.where(UserRow.id == bindparam("user_id")))
_EXISTING: Final = prepared(select(UserRow.id).where(UserRow.id == any_(bindparam("user_ids", type_=ARRAY(Uuid)))))
_PAGE: Final = prepared(_page(bindparam("limit")))
# With a literal limit PostgreSQL keeps the plan; with a parameter it plans each call.
_USUAL_LIMIT: Final = 21  # the default limit, and one row that shows whether there are more
_USUAL_PAGE: Final = prepared(_page(literal_column(str(_USUAL_LIMIT))))
_NEWEST: Final = UUID(int=2**128 - 1)


class SqlUsers:
    """`UserRepository` in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, user: User) -> None:
        """Insert the user. The unique indexes decide between concurrent calls."""
        row = {
            "id": user.id,
            "username": user.username,
            "first_name": user.first_name,
            "second_name": user.second_name,
            "birthday": user.birthday,
            "created_at": user.created_at,
        }
        with constraint_errors({PRIMARY_KEY: ProfileExists(), USERNAME_INDEX: UsernameTaken(user.username)}):
            await self._database.execute(_INSERT, row)

    async def get(self, user_id: UUID) -> User | None:
        """Return the row with this primary key, or None."""
        row = (await self._database.execute(_GET, {"user_id": user_id})).one_or_none()
        return _user(row) if row else None

    async def existing(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        """Return the existing ones of the IDs, with one query."""
        existing = await self._database.execute(_EXISTING, {"user_ids": list(user_ids)})
        return frozenset(existing.scalars())

    async def page(self, *, limit: int, after: UUID | None) -> Page[User]:
        """Return one page, for which one extra row is read."""
        place = {"after": after or _NEWEST}
        if limit + 1 == _USUAL_LIMIT:
            rows = await self._database.execute(_USUAL_PAGE, place)
        else:
            rows = await self._database.execute(_PAGE, {**place, "limit": limit + 1})
        return Page.cut(list(map(_user, rows)), limit=limit, key=lambda user: user.id)


def _user(row: Sequence[Any]) -> User:
    user_id, username, first_name, second_name, birthday, created_at = row
    return User(
        id=user_id,
        username=username,
        first_name=first_name,
        second_name=second_name,
        birthday=birthday,
        created_at=created_at,
    )
