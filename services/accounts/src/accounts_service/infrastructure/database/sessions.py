"""Sessions in PostgreSQL: the table, the statements (built once), and the repository."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Uuid,
    bindparam,
    column,
    delete,
    insert,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Database, prepared

from ...core.entities.sessions import RefreshToken, Session
from ...core.repositories.sessions import MAX_SESSIONS

TIDIED: Final = 100


class SessionRow(Base):
    """The table of sessions."""

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    previous_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_successor: Mapped[bytes | None] = mapped_column(LargeBinary)
    rotated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index("ix_sessions_account_id_id", "account_id", "id"),
        Index("ix_sessions_expires_at", "expires_at"),
    )


_NOW: Final = bindparam("now", type_=DateTime(timezone=True))
_ACCOUNT_ID: Final = bindparam("owner_id", type_=Uuid())
# The table of accounts is in a module that imports this one.
_ACCOUNTS: Final = table("accounts", column("id", Uuid()), column("password_version", Integer()))

# Lock the account: either a change of its password waits for this session and then ends it, or this waits for the
# change and then finds another version.
_INSERT: Final = prepared(
    insert(SessionRow)
    .from_select(
        ["id", "account_id", "token_hash", "created_at", "expires_at"],
        select(
            bindparam("session_id", type_=Uuid()),
            _ACCOUNTS.c.id,
            bindparam("first_hash", type_=LargeBinary()),
            _NOW,
            bindparam("until", type_=DateTime(timezone=True)),
        )
        .where(_ACCOUNTS.c.id == _ACCOUNT_ID, _ACCOUNTS.c.password_version == bindparam("version", type_=Integer()))
        .with_for_update(read=True),
    )
    .returning(SessionRow.id)
)
_TOO_MANY: Final = (
    select(SessionRow.id)
    .where(SessionRow.account_id == _ACCOUNT_ID)
    .order_by(SessionRow.id.desc())
    .offset(MAX_SESSIONS)
)
_OVER: Final = (
    select(SessionRow.id).where(SessionRow.expires_at <= _NOW).limit(TIDIED).with_for_update(skip_locked=True)
)
_TIDY: Final = prepared(delete(SessionRow).where(or_(SessionRow.id.in_(_TOO_MANY), SessionRow.id.in_(_OVER))))
_ROTATE: Final = prepared(
    update(SessionRow)
    .where(
        SessionRow.id == bindparam("session_id"),
        SessionRow.token_hash == bindparam("old_hash"),
        SessionRow.expires_at > _NOW,
    )
    .values(
        previous_hash=SessionRow.token_hash,
        token_hash=bindparam("new_hash"),
        sealed_successor=bindparam("sealed"),
        rotated_at=_NOW,
    )
    .returning(SessionRow.account_id)
)
_GET: Final = prepared(select(*SessionRow.__table__.columns).where(SessionRow.id == bindparam("session_id")))
_END: Final = prepared(delete(SessionRow).where(SessionRow.id == bindparam("session_id")))


class SqlSessions:
    """`SessionRepository` in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, session: Session, *, password_version: int) -> bool:
        """Insert the session if the password is unchanged, then delete expired sessions and those above the limit."""
        row = {
            "session_id": session.id,
            "owner_id": session.account_id,
            "first_hash": session.token_hash,
            "now": session.created_at,
            "until": session.expires_at,
            "version": password_version,
        }
        if not (await self._database.execute(_INSERT, row)).all():
            return False
        await self._database.execute(_TIDY, {"owner_id": session.account_id, "now": session.created_at})
        return True

    async def rotate(self, token: RefreshToken, successor: RefreshToken, *, now: datetime) -> UUID | None:
        """Update the session in one statement, so that later ones of concurrent calls find another hash.

        It is committed with a separate message. A frozen database may execute what is in its socket when it is back,
        long after the client got 503: then the token would be used up, and the retry would look stolen.
        """
        parameters = {
            "session_id": token.session_id,
            "old_hash": token.hash,
            "new_hash": successor.hash,
            "sealed": token.seal(successor),
            "now": now,
        }
        async with self._database.transaction():
            return (await self._database.execute(_ROTATE, parameters)).scalar_one_or_none()

    async def get(self, session_id: UUID) -> Session | None:
        """Return the row with this primary key, or None."""
        row = (await self._database.execute(_GET, {"session_id": session_id})).one_or_none()
        return _session(row) if row else None

    async def end(self, session_id: UUID) -> None:
        """Delete the session."""
        await self._database.execute(_END, {"session_id": session_id})


def _session(row: Sequence[Any]) -> Session:
    session_id, account_id, token_hash, previous_hash, sealed_successor, rotated_at, created_at, expires_at = row
    return Session(
        id=session_id,
        account_id=account_id,
        token_hash=token_hash,
        previous_hash=previous_hash,
        sealed_successor=sealed_successor,
        rotated_at=rotated_at,
        created_at=created_at,
        expires_at=expires_at,
    )
