"""Login attempts in PostgreSQL: the tables, the statements (built once), and the repository."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import (
    BindParameter,
    Boolean,
    DateTime,
    Double,
    LargeBinary,
    bindparam,
    case,
    cast,
    delete,
    extract,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Database, prepared

from ...core.entities.attempts import WINDOW, Bucket

KNOWN_FOR: Final = timedelta(days=90)
TIDIED: Final = 100
_TAKES_UNTIL_TIDIED: Final = 32  # each adds one row at most


class LoginAttemptsRow(Base):
    """The table of buckets."""

    __tablename__ = "login_attempts"

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    level: Mapped[float] = mapped_column(Double)
    is_full: Mapped[bool] = mapped_column(Boolean)
    """Whether the last attempt found no room."""
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


class KnownAddressRow(Base):
    """The table of addresses of earlier logins."""

    __tablename__ = "known_addresses"

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


_KEY: Final = bindparam("wanted", type_=LargeBinary())
_NOW: Final = bindparam("now", type_=DateTime(timezone=True))
_LIMIT: Final[BindParameter[float]] = bindparam("limit", type_=Double())
_BEFORE: Final = bindparam("before", type_=DateTime(timezone=True))

_PASSED: Final = cast(extract("epoch", _NOW - LoginAttemptsRow.changed_at), Double) / WINDOW.total_seconds()
_LEFT: Final = func.greatest(0.0, LoginAttemptsRow.level - func.greatest(0.0, _PASSED) * _LIMIT)
_NO_ROOM: Final = _LEFT + 1 > _LIMIT
_TAKE: Final = prepared(
    insert(LoginAttemptsRow)
    .values(key=_KEY, level=1.0, is_full=False, changed_at=_NOW)
    .on_conflict_do_update(
        index_elements=[LoginAttemptsRow.key],
        set_={
            "level": case((_NO_ROOM, _LEFT), else_=_LEFT + 1),
            "is_full": _NO_ROOM,
            "changed_at": func.greatest(_NOW, LoginAttemptsRow.changed_at),
        },
    )
    .returning(LoginAttemptsRow.level, LoginAttemptsRow.is_full)
)
_GIVE_BACK: Final = prepared(
    update(LoginAttemptsRow)
    .where(LoginAttemptsRow.key == _KEY)
    .values(level=func.greatest(0.0, LoginAttemptsRow.level - 1))
)
_DRAINED: Final = (
    select(LoginAttemptsRow.key)
    .where(LoginAttemptsRow.changed_at < _BEFORE)
    .limit(TIDIED)
    .with_for_update(skip_locked=True)
)
_TIDY: Final = prepared(delete(LoginAttemptsRow).where(LoginAttemptsRow.key.in_(_DRAINED)))
_IS_KNOWN: Final = prepared(
    select(KnownAddressRow.key).where(KnownAddressRow.key == _KEY, KnownAddressRow.seen_at > _BEFORE)
)
_REMEMBER: Final = prepared(
    insert(KnownAddressRow)
    .values(key=_KEY, seen_at=_NOW)
    .on_conflict_do_update(index_elements=[KnownAddressRow.key], set_={"seen_at": _NOW})
)
_FORGOTTEN: Final = (
    select(KnownAddressRow.key).where(KnownAddressRow.seen_at < _BEFORE).limit(TIDIED).with_for_update(skip_locked=True)
)
_FORGET: Final = prepared(delete(KnownAddressRow).where(KnownAddressRow.key.in_(_FORGOTTEN)))


class SqlAttempts:
    """`AttemptRepository` in PostgreSQL. Deletes outdated rows from time to time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._takes = 0

    async def take(self, bucket: Bucket, *, now: datetime) -> int:
        """Check and add in one statement, which is safe for concurrent calls."""
        self._takes += 1
        if self._takes % _TAKES_UNTIL_TIDIED == 1:
            await self._database.execute(_TIDY, {"before": now - WINDOW})
            await self._database.execute(_FORGET, {"before": now - KNOWN_FOR})
        parameters = {"wanted": bucket.key, "now": now, "limit": float(bucket.limit)}
        row = (await self._database.execute(_TAKE, parameters)).one()
        return max(1, bucket.seconds_to_wait(row.level)) if row.is_full else 0

    async def give_back(self, buckets: Sequence[Bucket]) -> None:
        """Subtract from one bucket after the other, so that no lock is held while waiting for another."""
        for bucket in buckets:
            await self._database.execute(_GIVE_BACK, {"wanted": bucket.key})

    async def is_known(self, key: bytes, *, now: datetime) -> bool:
        """Return whether there is a recent row with this primary key."""
        known = await self._database.execute(_IS_KNOWN, {"wanted": key, "before": now - KNOWN_FOR})
        return known.first() is not None

    async def remember(self, key: bytes, *, now: datetime) -> None:
        """Insert or update the address."""
        await self._database.execute(_REMEMBER, {"wanted": key, "now": now})
