"""The database of the service: run single statements and transactions."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Literal, Self, TypeVar, TypeVarTuple, overload

from sqlalchemy import Executable
from sqlalchemy.engine import CursorResult, Result
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.sql.selectable import TypedReturnsRows

from chassis.errors import DatabaseNotMigrated, DatabaseUnavailable
from chassis.fair_queue import FairQueue
from chassis.measurements import Measurement
from chassis.settings import ChassisSettings

from .connections import KeptConnections, driver_of, settle
from .engine import allow, create_engine
from .errors import DATABASE_ERRORS, errors_of, is_outdated, sqlstate, state_of_error, unavailable
from .prepared import Prepared
from .results import PreparedResult
from .schema_check import SchemaCheck
from .states import Kind
from .transactions import Transaction, open_transaction
from .visits import Visits

Columns = TypeVarTuple("Columns")
Answer = TypeVar("Answer", bound=Result[*tuple[Any, ...]])
OneSet = Mapping[str, object]
Options = Mapping[str, Any]
IsolationLevel = Literal["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]


class Database:
    """The service's own database, with at most `database_pool_size` connections at a time.

    It connects at first use, so a service can start without its database and finds it later.
    """

    def __init__(self, settings: ChassisSettings) -> None:
        self.engine = create_engine(settings, connections=settings.database_pool_size)
        self._spare = create_engine(settings, connections=1)
        self._kept = KeptConnections(self.engine)
        self._queue = FairQueue(
            settings.database_pool_size,
            wait=min(settings.database_pool_wait, settings.database_timeout),
            refusal=lambda: DatabaseUnavailable("All database connections are busy."),
            name="database",
        )
        self._timeout = settings.database_timeout
        self._name = settings.postgres_db
        self._visits = Visits(settings) if settings.sends_traces else None
        if self._visits:
            self.execute = self._visits.recorded(self.execute)  # type: ignore[method-assign]  # no cost for each call without traces
        self._schema = SchemaCheck(self.spare)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._kept.release_all()
        await self.engine.dispose()
        await self._spare.dispose()

    @overload
    async def execute(
        self, statement: Prepared[*Columns], parameters: OneSet | None = None
    ) -> PreparedResult[*Columns]: ...
    @overload
    async def execute(
        self,
        statement: TypedReturnsRows[*Columns],
        parameters: OneSet | Sequence[OneSet] | None = None,
        *,
        execution_options: Options | None = None,
    ) -> CursorResult[*Columns]: ...
    @overload
    async def execute(
        self,
        statement: Executable,
        parameters: OneSet | Sequence[OneSet] | None = None,
        *,
        execution_options: Options | None = None,
    ) -> CursorResult[*tuple[Any, ...]]: ...
    async def execute(
        self,
        statement: Executable | Prepared[*tuple[Any, ...]],
        parameters: OneSet | Sequence[OneSet] | None = None,
        *,
        execution_options: Options | None = None,
    ) -> Result[*tuple[Any, ...]]:
        """Run a statement and return a result like SQLAlchemy's `AsyncConnection.execute`, with all rows fetched.

        Inside `transaction`, the statement is part of it. Otherwise it is committed on its own; with several sets of
        parameters, all or none are. Raises `DatabaseUnavailable`, and SQLAlchemy's errors for faulty statements.
        """
        _refuse_streaming(statement, execution_options or {})
        try:
            if transaction := open_transaction(self):
                return await transaction.execute(statement, parameters, execution_options)
            if isinstance(statement, Prepared):
                arguments = statement.arguments(parameters)
                return await self._healed(lambda: self._kept.run(statement, arguments))
            return await self._healed(lambda: self._execute(statement, parameters, execution_options))
        except DATABASE_ERRORS as error:
            if instead := await self._instead_of(error):
                raise instead from error
            raise

    async def _healed(self, run: Callable[[], Awaitable[Answer]]) -> Answer:
        """Run it in its turn, and again if the connection's cached plans or types predate a migration."""
        deadline = asyncio.get_running_loop().time() + self._timeout
        async with self._queue, asyncio.timeout_at(deadline):
            try:
                return await run()
            except DBAPIError as error:
                if not is_outdated(error):
                    raise
                self._kept.forget_plans()
                if not sqlstate(error):  # the driver cannot read the result, but the statement has run
                    raise
            return await run()

    async def _execute(
        self, statement: Executable, parameters: OneSet | Sequence[OneSet] | None, options: Options | None
    ) -> CursorResult[*tuple[Any, ...]]:
        self._kept.release()
        async with self.engine.connect() as connection:
            if not parameters or isinstance(parameters, Mapping):
                try:
                    return await connection.execute(statement, parameters, execution_options=options)
                except DBAPIError as error:
                    if not connection.invalidated:
                        await settle(driver_of(await connection.get_raw_connection()), error)
                    raise
            await connection.execution_options(isolation_level="READ COMMITTED")  # SQLAlchemy may run it in batches
            async with connection.begin():
                return await connection.execute(statement, parameters, execution_options=options)

    def transaction(
        self, *, timeout: float | None = None, isolation_level: IsolationLevel | None = None
    ) -> AbstractAsyncContextManager[AsyncConnection]:
        """Open a transaction: committed at the end of the block, rolled back on any error in it.

        Statements of `execute` inside are part of it, also in tasks started inside, one at a time. So are statements
        on the connection that it yields. A nested `transaction` is a savepoint. The block may take `timeout` seconds
        (default `database_timeout`), and so may each statement and each pause in it.
        Raises at the end of the block if a caught error has made PostgreSQL roll back the transaction.
        """
        outer = open_transaction(self)
        if outer is None:
            begun = self._begun(timeout, isolation_level or "READ COMMITTED")
            return errors_of(self._visits.transaction(begun) if self._visits else begun, self._instead_of)
        if timeout is not None or isolation_level:
            raise InvalidRequestError("A nested transaction uses the timeout and isolation of the outer one.")
        return errors_of(outer.savepoint(self), self._instead_of)

    @asynccontextmanager
    async def _begun(self, seconds: float | None, isolation_level: IsolationLevel) -> AsyncIterator[AsyncConnection]:
        deadline = asyncio.get_running_loop().time() + (self._timeout if seconds is None else seconds)
        async with self._queue, asyncio.timeout_at(deadline):
            self._kept.release()
            async with self.engine.connect() as connection:
                await connection.execution_options(isolation_level=isolation_level)
                transaction = Transaction(connection, deadline)
                async with transaction.ended(self, await connection.begin()):
                    if seconds is not None:
                        await allow(connection, seconds)
                    yield connection

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """Yield a session of SQLAlchemy's ORM in a `transaction`. Changes are committed at the end of the block.

        Inside another `transaction`, the session is part of that one. Its objects can be used after the block.
        """
        async with self.transaction() as connection, AsyncSession(connection, expire_on_commit=False) as session:
            yield session
            await session.commit()  # ends what it has begun itself; otherwise a savepoint would be rolled back

    def spare(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Yield a connection that requests never use, so that load does not look like a broken database."""
        return errors_of(self._lent_spare(), _unavailable)

    @asynccontextmanager
    async def _lent_spare(self) -> AsyncIterator[AsyncConnection]:
        async with asyncio.timeout(self._timeout), self._spare.connect() as connection:
            yield connection

    def measurements(self) -> list[Measurement]:
        """Return the measurements of the queue for connections, and of the connections."""
        pool = {"db.client.connection.pool.name": self._name}
        return [
            *self._queue.measurements(),
            Measurement(
                name="db.client.connection.count",
                unit="{connection}",
                description="Connections to the database, in use or idle.",
                read=lambda: [
                    (count, {**pool, "db.client.connection.state": state})
                    for state, count in self._kept.counts().items()
                ],
                kind="sum",
            ),
        ]

    async def _instead_of(self, error: Exception) -> DatabaseUnavailable | None:
        """Return the error to raise instead, or None. Queries the database only if a table or the like is missing."""
        state = state_of_error(error)
        if state.kind is Kind.NOT_MIGRATED and not await self._schema.is_migrated():
            return DatabaseNotMigrated(state.told)
        return unavailable(error)


async def _unavailable(error: Exception) -> DatabaseUnavailable | None:
    return unavailable(error)


def _refuse_streaming(statement: object, options: Options) -> None:
    if isinstance(statement, Executable):
        options = {**statement.get_execution_options(), **options}
    if options.get("stream_results") or options.get("yield_per"):
        raise InvalidRequestError(
            "`execute` fetches all rows. To stream rows, use the connection of a transaction: "
            "`async with database.transaction() as connection: async for row in await connection.stream(…)`."
        )
    if isinstance(statement, Prepared) and options:
        raise InvalidRequestError("A prepared statement has no execution options; run the plain statement.")
