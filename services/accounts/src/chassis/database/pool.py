"""SQLAlchemy's pool, content with fewer connections where the server allows no more."""

import logging
import time
from typing import Any, Final, cast

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry
from sqlalchemy.util.queue import Empty

from chassis.errors import DatabaseUnavailable

from .states import UNREACHABLE

_TOO_MANY_CONNECTIONS: Final = "53300"
_CONTENT_SECONDS: Final = 5.0  # each attempt costs the server a process

logger = logging.getLogger(__name__)


class ContentPool(AsyncAdaptedQueuePool):
    """Whoever is refused another connection waits for one of those there are, at most the pool's timeout.

    So it is for a role's CONNECTION LIMIT, the server's max_connections, and what other replicas leave of it.
    For some seconds afterwards nobody asks for another one.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.wanted = 0
        """How many are in need of a connection now: what is given back should come here."""
        self._being_made = 0
        self._content_until = 0.0
        self._told: int | None = None

    def _do_get(self) -> ConnectionPoolEntry:
        """A connection that is open, for SQLAlchemy; `DatabaseUnavailable` if none became free in time."""
        self.wanted += 1
        try:
            while True:
                is_content = time.monotonic() < self._content_until and self._open() > 0
                given_back = self._given_back() if is_content else None
                try:
                    return self._opened(given_back)
                except AsyncAdapt_asyncpg_dbapi.Error as error:
                    if error.sqlstate != _TOO_MANY_CONNECTIONS or not self._open():
                        raise
                    self._content_until = time.monotonic() + _CONTENT_SECONDS
        finally:
            self.wanted -= 1

    def _given_back(self) -> ConnectionPoolEntry:
        try:
            return self._pool.get(True, self._timeout)
        except Empty:
            raise DatabaseUnavailable("All database connections are busy.") from None
        finally:
            self._tell()

    def _opened(self, given_back: ConnectionPoolEntry | None) -> ConnectionPoolEntry:
        """Connect it (or the pool's next one) anew if it was lost; what cannot be connected leaves the pool."""
        self._being_made += 1
        try:
            entry: Any = given_back or super()._do_get()  # of a private class
            if entry.dbapi_connection is not None and entry.driver_connection.is_closed():
                # By the server, while it lay idle. To notice costs no round trip, and spares a request an error.
                entry.dbapi_connection = None
            try:
                entry.get_connection()
            except BaseException:
                self._dec_overflow()
                raise
        except (asyncpg.InterfaceError, asyncpg.PostgresError) as error:
            # It was lost while SQLAlchemy set up its types, of which the dialect translates no error.
            raise DatabaseUnavailable(UNREACHABLE.told) from error
        finally:
            self._being_made -= 1
        return cast("ConnectionPoolEntry", entry)

    def _open(self) -> int:
        """How many there are, those included that are being made for others."""
        return self.size() + self.overflow()

    def _tell(self) -> None:
        number = self._open() - self._being_made
        if number != self._told:
            self._told = number
            message = "the database server allows %s connections of DATABASE_POOL_SIZE=%s; requests wait for them"
            logger.warning(message, number, self.size())
