"""Accounts in PostgreSQL: table, statements (built once) and repository."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import DateTime, String, bindparam, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Database

from ...core.entities import accounts as entities
from ...core.entities.pages import Page


class AccountRow(Base):
    """The table."""

    __tablename__ = "accounts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(entities.NAME_MAX))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


# Columns, not entities: without an identity map a row costs half.
_TABLE: Final = AccountRow
_SELECT: Final = select(_TABLE.id, _TABLE.name, _TABLE.created_at)
_INSERT: Final = insert(_TABLE)
_GET: Final = _SELECT.where(_TABLE.id == bindparam("wanted_id"))
_FIRST_PAGE: Final = _SELECT.order_by(_TABLE.id.desc()).limit(bindparam("limit"))
_NEXT_PAGE: Final = _FIRST_PAGE.where(_TABLE.id < bindparam("after"))


class SqlAccounts:
    """The repository on PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: entities.Account) -> None:
        """Insert it."""
        row = {"id": new.id, "name": new.name, "created_at": new.created_at}
        await self._database.execute(_INSERT, row)

    async def get(self, wanted_id: UUID) -> entities.Account | None:
        """Look it up by primary key."""
        rows = await self._database.execute(_GET, {"wanted_id": wanted_id})
        return _entity(rows[0]) if rows else None

    async def page(self, *, limit: int, after: UUID | None) -> Page[entities.Account]:
        """Walk the primary key backwards: a page costs the same however deep it is."""
        statement = _FIRST_PAGE if after is None else _NEXT_PAGE
        parameters = {"limit": limit + 1} | ({} if after is None else {"after": after})
        rows = await self._database.execute(statement, parameters)
        return Page.cut(list(map(_entity, rows)), limit=limit, key=lambda one: one.id)


def _entity(row: Sequence[Any]) -> entities.Account:
    row_id, name, created_at = row
    return entities.Account(id=row_id, name=name, created_at=created_at)
