"""The database of the service: one way to run a single statement, one to run several."""

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
    """Connections to the service's own database, at most `database_pool_size` at a time.

    Nothing connects before the first use, so a service starts without its database and finds it later by itself.
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
            self.execute = self._visits.recorded(self.execute)  # type: ignore[method-assign]  # a call costs nothing more where it is not
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
        """Run a statement and return what SQLAlchemy's `AsyncConnection.execute` does.

        All rows are fetched, and the connection is free again. Inside of `transaction` the statement takes part in it;
        elsewhere it is committed by itself, also for several sets of parameters: all of them, or none.
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
        """Run it in its turn; once again if what the connection remembers turns out to be older than a migration."""
        deadline = asyncio.get_running_loop().time() + self._timeout
        async with self._queue, asyncio.timeout_at(deadline):
            try:
                return await run()
            except DBAPIError as error:
                if not is_outdated(error):
                    raise
                self._kept.forget_plans()
                if not sqlstate(error):  # the driver does not understand the answer, but the statement has been run
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
            await connection.execution_options(isolation_level="READ COMMITTED")  # as SQLAlchemy may run it in batches
            async with connection.begin():
                return await connection.execute(statement, parameters, execution_options=options)

    def transaction(
        self, *, timeout: float | None = None, isolation_level: IsolationLevel | None = None
    ) -> AbstractAsyncContextManager[AsyncConnection]:
        """Hold several statements together: committed at the end of the block, undone by any error in it.

        Whatever is run by `execute` inside takes part, also in tasks that were started inside, one statement at a time;
        so does what is run by the connection that it lends. Another `transaction` inside is a savepoint. The block may
        take `timeout` seconds (`database_timeout` if not given), and a statement or a pause in it as long.
        An error that was caught in the block is raised at its end if PostgreSQL has undone the transaction for it.
        """
        outer = open_transaction(self)
        if outer is None:
            begun = self._begun(timeout, isolation_level or "READ COMMITTED")
            return errors_of(self._visits.transaction(begun) if self._visits else begun, self._instead_of)
        if timeout is not None or isolation_level:
            raise InvalidRequestError("A transaction inside of another one has the timeout and isolation of that one.")
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
        """A session of SQLAlchemy's ORM in a `transaction`: what it changed is committed at the end of the block.

        Inside of another `transaction` it takes part in that one, and is undone with it. Its objects can be used after
        the block.
        """
        async with self.transaction() as connection, AsyncSession(connection, expire_on_commit=False) as session:
            yield session
            await session.commit()  # of what it has begun itself; without it, a savepoint would be undone

    def spare(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """The one connection that requests never take: load does not look like a broken database through it."""
        return errors_of(self._lent_spare(), _unavailable)

    @asynccontextmanager
    async def _lent_spare(self) -> AsyncIterator[AsyncConnection]:
        async with asyncio.timeout(self._timeout), self._spare.connect() as connection:
            yield connection

    def measurements(self) -> list[Measurement]:
        """Who waits for connections, and how many of them are used."""
        pool = {"db.client.connection.pool.name": self._name}
        return [
            *self._queue.measurements(),
            Measurement(
                name="db.client.connection.count",
                unit="{connection}",
                description="Connections to the database that are used, or open and idle.",
                read=lambda: [
                    (count, {**pool, "db.client.connection.state": state})
                    for state, count in self._kept.counts().items()
                ],
                kind="sum",
            ),
        ]

    async def _instead_of(self, error: Exception) -> DatabaseUnavailable | None:
        """What to raise instead of an error, which only for what is missing is a question to the database."""
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
            "`execute` fetches all rows. To stream them, use the connection of a transaction: "
            "`async with database.transaction() as connection: async for row in await connection.stream(…)`."
        )
    if isinstance(statement, Prepared) and options:
        raise InvalidRequestError("A prepared statement takes no execution options; run the statement as it is.")
