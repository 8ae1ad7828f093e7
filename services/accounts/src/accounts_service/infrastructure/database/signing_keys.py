"""Signing keys in PostgreSQL: the table, the statements (built once), and the repository, with a cache."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ARRAY, DateTime, LargeBinary, String, any_, bindparam, delete, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Database, prepared
from chassis.errors import DatabaseUnavailable

from ...core.entities.signing_keys import KeyRing, SigningKey
from ...core.repositories.signing_keys import KeyChange

REMEMBERED: Final = timedelta(seconds=30)
"""Time to cache the keys, after which every replica publishes a new key."""
_RETRY_SECONDS: Final = 5.0
_LOCK: Final = 0x616C6C69756D  # any number that no other lock in this database uses

logger = logging.getLogger(__name__)


class SigningKeyRow(Base):
    """The table of keys."""

    __tablename__ = "signing_keys"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    public_jwk: Mapped[str] = mapped_column(String(1024))
    sealed_private_key: Mapped[bytes] = mapped_column(LargeBinary)
    signs_from: Mapped[datetime] = mapped_column(DateTime(timezone=True))


_SELECT: Final = prepared(select(*SigningKeyRow.__table__.columns))
_INSERT: Final = prepared(insert(SigningKeyRow))
_DELETE: Final = prepared(delete(SigningKeyRow).where(SigningKeyRow.id == any_(bindparam("ids", type_=ARRAY(String)))))
_ALONE: Final = prepared(select(func.pg_advisory_xact_lock(_LOCK)))


class SqlSigningKeys:
    """`SigningKeyRepository` in PostgreSQL. `clock` returns seconds.

    The keys are cached briefly, and for as long as the database is unreachable.
    """

    def __init__(self, database: Database, *, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._ring: KeyRing | None = None
        self._good_until = 0.0
        self._reading = asyncio.Lock()

    async def ring(self) -> KeyRing:
        """Return the cached keys, or read them. Concurrent calls share one read."""
        if self._ring is not None and self._clock() < self._good_until:
            return self._ring
        async with self._reading:
            if self._ring is not None and self._clock() < self._good_until:
                return self._ring
            try:
                rows = await self._database.execute(_SELECT)
            except DatabaseUnavailable as error:
                if self._ring is None or not self._ring.keys:
                    raise
                logger.warning("cannot read the signing keys again, using the cached ones: %s", error)
                self._good_until = self._clock() + _RETRY_SECONDS
                return self._ring
            return self._remember(KeyRing.of(list(map(_key, rows))))

    async def change(self, decide: Callable[[KeyRing], KeyChange]) -> KeyRing:
        """Read and write under a database lock, which all replicas share."""
        async with self._database.transaction():
            await self._database.execute(_ALONE)
            ring = KeyRing.of(list(map(_key, await self._database.execute(_SELECT))))
            change = decide(ring)
            if change.remove:
                await self._database.execute(_DELETE, {"ids": [key.id for key in change.remove]})
            if change.add:
                await self._database.execute(_INSERT, _row(change.add))
        added = [change.add] if change.add else []
        return self._remember(KeyRing.of([*(key for key in ring.keys if key not in change.remove), *added]))

    def _remember(self, ring: KeyRing) -> KeyRing:
        self._ring = ring
        self._good_until = self._clock() + REMEMBERED.total_seconds()
        return ring


def _row(key: SigningKey) -> dict[str, object]:
    return {
        "id": key.id,
        "public_jwk": key.public_jwk,
        "sealed_private_key": key.sealed_private_key,
        "signs_from": key.signs_from,
    }


def _key(row: Sequence[Any]) -> SigningKey:
    key_id, public_jwk, sealed_private_key, signs_from = row
    return SigningKey(id=key_id, public_jwk=public_jwk, sealed_private_key=sealed_private_key, signs_from=signs_from)
