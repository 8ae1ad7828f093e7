"""Errors of the database: whose fault they are (see `states`), and which of them pass as they are."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import DatabaseUnavailable

from .states import BUG, OUTDATED, TOO_SLOW, UNREACHABLE, Kind, State, state_of

# InternalClientError is what asyncpg says of a connection that was lost while it was being set up.
DATABASE_ERRORS: Final = (SQLAlchemyError, OSError, asyncpg.InternalClientError)
"""What may go wrong when the database is asked; the second also if something else is, such as a file."""


def driver_error(error: BaseException) -> BaseException | None:
    """The asyncpg exception below SQLAlchemy's wrappers."""
    original = getattr(error, "orig", None)
    return original.__cause__ if original is not None and original.__cause__ is not None else original


def is_of_server(error: DBAPIError) -> bool:
    """Whether the server said it; else the driver did, which has no severity for its errors."""
    return bool(getattr(driver_error(error), "severity", None))


def sqlstate(error: BaseException) -> str:
    """PostgreSQL's five-character error code; empty if there is none."""
    return getattr(driver_error(error), "sqlstate", None) or ""


def state_of_error(error: Exception) -> State:
    """What an error of `DATABASE_ERRORS` means, if it was the database that was asked."""
    if isinstance(error, TimeoutError):
        return TOO_SLOW
    if not isinstance(error, DBAPIError):
        return BUG if isinstance(error, SQLAlchemyError) and not isinstance(error, PoolTimeoutError) else UNREACHABLE
    if is_outdated(error):
        return OUTDATED
    state = state_of(sqlstate(error))
    return UNREACHABLE if state is BUG and error.connection_invalidated else state


def is_outdated(error: DBAPIError) -> bool:
    """Whether what a connection remembers of tables and types is from before a migration; asking anew heals it."""
    cause = driver_error(error)
    if isinstance(cause, asyncpg.InvalidCachedStatementError | asyncpg.OutdatedSchemaCacheError):
        return True
    # PostgreSQL never translates what it says of an internal error.
    return isinstance(cause, asyncpg.InternalServerError) and str(cause).startswith("cache lookup failed")


def unavailable(error: Exception) -> DatabaseUnavailable | None:
    """What to raise instead of an error for which the statement is not to blame; None if it is."""
    state = state_of_error(error)
    if state.kind in {Kind.OUTAGE, Kind.TIMEOUT, Kind.CONFLICT}:
        return DatabaseUnavailable(state.told)
    if (code := sqlstate(error)) and not hasattr(error, "__notes__"):
        error.add_note(f"SQLSTATE {code}, see docs/operations.md#{state.recipe}")
    return None


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise `DatabaseUnavailable` instead of errors for which no statement is to blame; for blocks that only ask."""
    try:
        yield
    except DATABASE_ERRORS as error:
        if instead := unavailable(error):
            raise instead from error
        raise


@asynccontextmanager
async def errors_of(
    lending: AbstractAsyncContextManager[AsyncConnection],
    explain: Callable[[Exception], Awaitable[Exception | None]],
) -> AsyncIterator[AsyncConnection]:
    """Lend a connection, and raise what `explain` makes of the database's errors.

    Those of other code in the block, such as of a file that is missing, pass as they are.
    """
    own: BaseException | None = None
    try:
        async with lending as connection:
            try:
                yield connection
            except BaseException as error:
                own = error
                raise
    except DATABASE_ERRORS as error:
        is_foreign = error is own and not isinstance(error, SQLAlchemyError | asyncpg.InternalClientError)
        if not is_foreign and (instead := await explain(error)):
            raise instead from error
        raise
    finally:
        del own
