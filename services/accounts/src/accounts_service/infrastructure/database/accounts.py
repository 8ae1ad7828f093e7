"""Accounts in PostgreSQL: the table, the statements (built once), and the repository."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import DateTime, Index, String, bindparam, delete, func, insert, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Database, constraint_errors, prepared

from ...core.entities.accounts import USERNAME_MAX, Account, UsernameTaken
from .sessions import SessionRow

USERNAME_INDEX: Final = "uq_accounts_lower_username"
HASH_MAX: Final = 255


class AccountRow(Base):
    """The table of accounts."""

    __tablename__ = "accounts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(USERNAME_MAX))
    password_hash: Mapped[str] = mapped_column(String(HASH_MAX))
    password_version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    # Usernames are ASCII, for which lower() is the same as case folding.
    __table_args__ = (Index(USERNAME_INDEX, text("lower(username)"), unique=True),)


_SELECT: Final = select(
    AccountRow.id, AccountRow.username, AccountRow.password_hash, AccountRow.password_version, AccountRow.created_at
)
_UNCHANGED: Final = (AccountRow.id == bindparam("account_id")) & (AccountRow.password_version == bindparam("version"))
_UPDATE: Final = update(AccountRow).where(_UNCHANGED).values(password_hash=bindparam("new_hash"))

_INSERT: Final = prepared(insert(AccountRow))
_GET: Final = prepared(_SELECT.where(AccountRow.id == bindparam("account_id")))
_NAMED: Final = prepared(_SELECT.where(func.lower(AccountRow.username) == bindparam("name")))
_REHASH: Final = prepared(_UPDATE)
_CHANGE: Final = prepared(_UPDATE.values(password_version=AccountRow.password_version + 1))
_END_SESSIONS: Final = prepared(delete(SessionRow).where(SessionRow.account_id == bindparam("account_id")))


class SqlAccounts:
    """`AccountRepository` in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, account: Account) -> None:
        """Insert the account. The unique index decides between concurrent calls."""
        row = {
            "id": account.id,
            "username": account.username,
            "password_hash": account.password_hash,
            "password_version": account.password_version,
            "created_at": account.created_at,
        }
        with constraint_errors({USERNAME_INDEX: UsernameTaken()}):
            await self._database.execute(_INSERT, row)

    async def get(self, account_id: UUID) -> Account | None:
        """Return the row with this primary key, or None."""
        row = (await self._database.execute(_GET, {"account_id": account_id})).one_or_none()
        return _account(row) if row else None

    async def named(self, username: str) -> Account | None:
        """Return the row with this username, from the unique index, or None."""
        if not username.isascii() or not username.isprintable() or len(username) > USERNAME_MAX:
            return None
        row = (await self._database.execute(_NAMED, {"name": username.lower()})).one_or_none()
        return _account(row) if row else None

    async def rehash(self, account: Account, password_hash: str) -> None:
        """Update only the hash."""
        parameters = {"account_id": account.id, "version": account.password_version, "new_hash": password_hash}
        await self._database.execute(_REHASH, parameters)

    async def change_password(self, account: Account, password_hash: str) -> bool:
        """Update the hash, then delete the sessions in a second statement, to include those just started."""
        parameters = {"account_id": account.id, "version": account.password_version, "new_hash": password_hash}
        async with self._database.transaction():
            if not (await self._database.execute(_CHANGE, parameters)).rowcount:
                return False
            await self._database.execute(_END_SESSIONS, {"account_id": account.id})
            return True


def _account(row: Sequence[Any]) -> Account:
    account_id, username, password_hash, password_version, created_at = row
    return Account(
        id=account_id,
        username=username,
        password_hash=password_hash,
        password_version=password_version,
        created_at=created_at,
    )
