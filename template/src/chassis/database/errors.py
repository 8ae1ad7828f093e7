"""Errors of the database: their causes (see `states`), and which of them become `DatabaseUnavailable`."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.errors import DatabaseUnavailable

from .states import BUG, OUTDATED, TOO_SLOW, UNREACHABLE, Kind, State, state_of

# asyncpg raises InternalClientError if a connection is lost while it is being set up.
DATABASE_ERRORS: Final = (SQLAlchemyError, OSError, asyncpg.InternalClientError)
"""Errors of a database call. OSError may also come from something else, such as a file."""


def driver_error(error: BaseException) -> BaseException | None:
    """Return the asyncpg exception inside SQLAlchemy's wrappers, or None."""
    original = getattr(error, "orig", None)
    return original.__cause__ if original is not None and original.__cause__ is not None else original


def is_of_server(error: DBAPIError) -> bool:
    """Return whether the error is from the server. The driver's own errors have no severity."""
    return bool(getattr(driver_error(error), "severity", None))


def sqlstate(error: BaseException) -> str:
    """Return PostgreSQL's five-character error code, or an empty string."""
    return getattr(driver_error(error), "sqlstate", None) or ""


def state_of_error(error: Exception) -> State:
    """Return what an error of `DATABASE_ERRORS` from a database call means."""
    if isinstance(error, TimeoutError):
        return TOO_SLOW
    if not isinstance(error, DBAPIError):
        return BUG if isinstance(error, SQLAlchemyError) and not isinstance(error, PoolTimeoutError) else UNREACHABLE
    if is_outdated(error):
        return OUTDATED
    state = state_of(sqlstate(error))
    return UNREACHABLE if state is BUG and error.connection_invalidated else state


def is_outdated(error: DBAPIError) -> bool:
    """Return whether the connection's cached plans or types predate a migration, so that a retry helps."""
    cause = driver_error(error)
    if isinstance(cause, asyncpg.InvalidCachedStatementError | asyncpg.OutdatedSchemaCacheError):
        return True
    # PostgreSQL never translates messages of internal errors.
    return isinstance(cause, asyncpg.InternalServerError) and str(cause).startswith("cache lookup failed")


def unavailable(error: Exception) -> DatabaseUnavailable | None:
    """Return the error to raise instead, or None if the statement is at fault."""
    state = state_of_error(error)
    if state.kind in {Kind.OUTAGE, Kind.TIMEOUT, Kind.CONFLICT}:
        return DatabaseUnavailable(state.told)
    if (code := sqlstate(error)) and not hasattr(error, "__notes__"):
        error.add_note(f"SQLSTATE {code}, see docs/operations.md#{state.recipe}")
    return None


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise `DatabaseUnavailable` instead of errors that are not a statement's fault. For blocks without other I/O."""
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
    """Yield a connection, and raise what `explain` returns for errors of the database.

    Errors of other code in the block, such as for a missing file, pass unchanged.
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
