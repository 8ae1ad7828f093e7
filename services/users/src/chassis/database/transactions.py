"""Open transactions, and the one that a task's statements belong to, one at a time."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Executable
from sqlalchemy.engine import Result
from sqlalchemy.exc import InvalidRequestError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncTransaction

from .prepared import Prepared

_ROLLBACK_SECONDS: Final = 1.0

_OPEN: Final[ContextVar[Mapping[object, "Transaction"]]] = ContextVar("transactions", default=MappingProxyType({}))


Parameters = Mapping[str, object] | Sequence[Mapping[str, object]] | None


class Transaction:
    """A transaction or savepoint, open or ended."""

    def __init__(self, connection: AsyncConnection, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline
        self._is_open = True
        self._turn = asyncio.Lock()

    async def execute(
        self,
        statement: Executable | Prepared[*tuple[Any, ...]],
        parameters: Parameters,
        options: Mapping[str, Any] | None,
    ) -> Result[*tuple[Any, ...]]:
        """Run a statement in its turn, before the transaction's deadline, and return its result."""
        async with asyncio.timeout_at(self._deadline), self._lent() as connection:
            if isinstance(statement, Prepared):
                return await statement.run_in_transaction(connection, parameters)
            return await connection.execute(statement, parameters, execution_options=options)

    @asynccontextmanager
    async def savepoint(self, database: object) -> AsyncIterator[AsyncConnection]:
        """Open a savepoint and yield the connection. Statements of other tasks wait until it ends."""
        async with self._lent() as connection:
            part = Transaction(connection, self._deadline)
            async with part.ended(database, await connection.begin_nested()):
                yield connection

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[AsyncConnection]:
        async with self._turn:
            if not self._is_open:
                raise InvalidRequestError(
                    "This task was started in a transaction that has ended. Start the task outside of it, "
                    "or await it inside."
                )
            yield self._connection

    @asynccontextmanager
    async def ended(self, database: object, begun: AsyncTransaction) -> AsyncIterator[None]:
        """Make this the task's transaction. Commit `begun` at the end, or roll it back on any error."""
        with _entered(database, self):
            try:
                yield
            except BaseException:
                self._is_open = False  # also for those that wait for their turn
                await self._end()
                await _undo(self._connection, begun)
                raise
            await self._end()
            await begun.commit()

    async def _end(self) -> None:
        """Wait for a running statement of another task, and refuse further ones."""
        async with self._turn:
            self._is_open = False


def open_transaction(database: object) -> Transaction | None:
    """Return the current task's transaction on this database, or the one that it was started in, or None."""
    return _OPEN.get().get(database)


@contextmanager
def _entered(database: object, transaction: Transaction) -> Iterator[None]:
    before = _OPEN.get()
    _OPEN.set({**before, database: transaction})
    try:
        yield
    finally:
        _OPEN.set(before)  # not `reset`, which a fixture of pytest would call in another context


async def _undo(connection: AsyncConnection, begun: AsyncTransaction) -> None:
    """Roll back, or drop the connection if that fails, without hiding the original error."""
    try:
        async with asyncio.timeout(_ROLLBACK_SECONDS):
            await begun.rollback()
    except (SQLAlchemyError, OSError):
        await connection.invalidate()
