"""SQLAlchemy's pool, which makes do with fewer connections if the server allows no more."""

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
_CONTENT_SECONDS: Final = 5.0  # each attempt to connect costs the server a process

logger = logging.getLogger(__name__)


class ContentPool(AsyncAdaptedQueuePool):
    """If the server refuses another connection, waits for an open one, up to the pool's timeout.

    This happens at the CONNECTION LIMIT of a role, or at max_connections, which all replicas share. The pool then
    opens no new connection for some seconds.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.wanted = 0
        """Number of callers that wait for a connection. Connections should be returned to the pool for them."""
        self._being_made = 0
        self._content_until = 0.0
        self._told: int | None = None

    def _do_get(self) -> ConnectionPoolEntry:
        """Return an open connection. Raises `DatabaseUnavailable` if none becomes free in time."""
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
        """Return this connection or the pool's next one, reconnected if it was lost, or drop it from the pool."""
        self._being_made += 1
        try:
            entry: Any = given_back or super()._do_get()  # of a private class
            if entry.dbapi_connection is not None and entry.driver_connection.is_closed():
                # Closed by the server while idle. Checking it takes no round trip, and saves a request an error.
                entry.dbapi_connection = None
            try:
                entry.get_connection()
            except BaseException:
                self._dec_overflow()
                raise
        except (asyncpg.InterfaceError, asyncpg.PostgresError) as error:
            # It was lost while SQLAlchemy set up its types, where the dialect translates no errors.
            raise DatabaseUnavailable(UNREACHABLE.told) from error
        finally:
            self._being_made -= 1
        return cast("ConnectionPoolEntry", entry)

    def _open(self) -> int:
        """Return the number of connections, including those being opened."""
        return self.size() + self.overflow()

    def _tell(self) -> None:
        number = self._open() - self._being_made
        if number != self._told:
            self._told = number
            message = "the database server allows only %s connections of DATABASE_POOL_SIZE=%s; requests wait for them"
            logger.warning(message, number, self.size())
