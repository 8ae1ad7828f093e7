"""What went wrong below: the database's state, for which nobody is to blame, or a statement that is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from chassis.errors import DatabaseUnavailable

# SQLSTATE classes and codes (appendix A of PostgreSQL's manual) with which it says "not now", or "not you": connection,
# login and database name, resources, locks, rollback, read-only after a failover, a plan cached before a migration.
_NOT_NOW: Final = ("08", "28", "3D000", "53", "57", "58", "55P03", "40", "25006", "0A000")


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise `DatabaseUnavailable` for what is the database's state and not the statement's fault."""
    try:
        yield
    except Exception as error:
        if not _is_state(error):
            raise
        raise DatabaseUnavailable(_reason(error)) from error


def _is_state(error: Exception) -> bool:
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or sqlstate(error).startswith(_NOT_NOW)
    # InternalClientError is what asyncpg says of a connection that was lost while it was being set up.
    return isinstance(error, OSError | TimeoutError | PoolTimeoutError | asyncpg.InternalClientError)


def driver_error(error: SQLAlchemyError) -> BaseException | None:
    """The asyncpg exception below SQLAlchemy's wrappers."""
    original = getattr(error, "orig", None)
    return original.__cause__ if original is not None and original.__cause__ is not None else original


def sqlstate(error: SQLAlchemyError) -> str:
    """PostgreSQL's five-character error code; empty if the error did not come from the server."""
    return getattr(driver_error(error), "sqlstate", None) or ""


def _reason(error: Exception) -> str:
    """A sentence for the client; the log has the cause."""
    timed_out = isinstance(error, TimeoutError) or (isinstance(error, DBAPIError) and sqlstate(error) == "57014")
    return "The database did not answer in time." if timed_out else "The database cannot be reached."
