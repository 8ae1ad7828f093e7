"""Statements that are compiled once, at import, and run directly by the driver."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final, Generic, TypeVarTuple, cast, overload

from sqlalchemy import Executable
from sqlalchemy.exc import ArgumentError, DBAPIError, ObjectNotExecutableError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql import Insert, Update
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import TypedReturnsRows

from .operations import operation_of
from .results import DIALECT, PreparedResult, ResultShape

Columns = TypeVarTuple("Columns")


class Prepared(Generic[*Columns]):
    """A compiled statement: SQL, order of parameters, and conversions of values. Create it with `prepared`."""

    def __init__(self, compiled: SQLCompiler) -> None:
        self.sql: Final = compiled.string
        self.shape: Final = ResultShape(compiled)
        self._compiled = compiled
        self.statement: Final[Executable] = cast(Executable, compiled.statement)
        processors: Mapping[str, Any] = compiled._bind_processors  # noqa: SLF001 - the only way to get them
        self._places = [(name, processors.get(name)) for name in compiled.positiontup or ()]
        self._names = frozenset(compiled.bind_names.values())

    @cached_property
    def operation(self) -> Mapping[str, str | int]:
        """The attributes for traces."""
        return operation_of(self.statement)

    def arguments(self, parameters: object) -> tuple[Any, ...]:
        """Return the parameters for the driver.

        Raises `StatementError` for a missing parameter, and `ArgumentError` for an unknown one.
        """
        if not isinstance(parameters, Mapping | None):
            raise ArgumentError("A prepared statement takes one set of parameters; for several, run the plain one.")
        if unknown := (parameters or {}).keys() - self._names:
            raise ArgumentError(f"{', '.join(sorted(unknown))}: no such parameter in {self.sql}")
        try:
            values = self._compiled.construct_params(parameters, escape_names=False)
            return tuple(process(values[name]) if process else values[name] for name, process in self._places)
        except Exception as error:
            raise as_sqlalchemy_says(error, self.sql, [] if parameters is None else [parameters]) from error

    async def run(
        self, connection: PoolProxiedConnection, arguments: tuple[Any, ...], *, plans_since: float
    ) -> PreparedResult[*Columns]:
        """Return the result. The driver runs it directly: SQLAlchemy's greenlets take several times the CPU time.

        A plan older than `plans_since`, in seconds since 1970, is prepared again.
        """
        cursor: Any = connection.cursor()
        cursor._invalidate_schema_cache_asof = plans_since  # noqa: SLF001 - SQLAlchemy does so before each execution
        try:
            await cursor._prepare_and_execute(self.sql, arguments)  # noqa: SLF001 - `cursor.execute` awaits it
        except DIALECT.loaded_dbapi.Error as error:
            lost = cursor._connection.is_closed()  # noqa: SLF001
            raise as_sqlalchemy_says(error, self.sql, arguments, lost=lost) from error
        return self.shape.result(cursor.description, cursor.fetchall(), cursor.rowcount)

    async def run_in_transaction(self, connection: AsyncConnection, parameters: object) -> PreparedResult[*Columns]:
        """Return the result. SQLAlchemy runs it, to know when the transaction begins and if the connection is lost."""
        plain = connection.sync_connection
        if plain and plain.get_execution_options().get("schema_translate_map"):
            raise ArgumentError("A prepared statement ignores schema_translate_map; run the plain statement.")
        done = await connection.exec_driver_sql(self.sql, self.arguments(parameters))
        cursor = done.context.cursor
        rows = cursor.fetchall() if done.returns_rows else ()
        return self.shape.result(cursor.description, rows, done.rowcount)


@overload
def prepared(statement: TypedReturnsRows[*Columns]) -> Prepared[*Columns]: ...
@overload
def prepared(statement: Executable) -> Prepared[*tuple[Any, ...]]: ...
def prepared(statement: Executable) -> Prepared[*tuple[Any, ...]]:
    """Return a compiled statement, which the driver runs directly. Call it once, at import, below the models.

    An INSERT or UPDATE without `values()` has a parameter for each column of its table. Raises `ArgumentError`, with
    the reason, for a statement that depends on the values of each call; run that one plain.
    """
    if not isinstance(statement, Executable):
        raise ObjectNotExecutableError(statement)
    if options := [*statement.get_execution_options()]:
        raise _refusal(f"it has execution options ({', '.join(options)}), which only SQLAlchemy handles")
    compiled = _as_it_is_run(statement).compile(dialect=DIALECT)
    if not isinstance(compiled, SQLCompiler):
        raise _refusal("it changes the schema")
    _refuse_what_each_call_needs(compiled)
    return Prepared(compiled)


def _as_it_is_run(statement: Any) -> Any:  # noqa: ANN401 - Executable and compilable statements have no common class
    if isinstance(statement, FunctionElement):
        return statement.select()
    if isinstance(statement, Insert | Update) and not (statement._returning or statement._return_defaults):  # noqa: SLF001
        return statement.inline()  # otherwise SQLAlchemy adds a RETURNING for `inserted_primary_key`
    return statement


def _refuse_what_each_call_needs(compiled: SQLCompiler) -> None:
    if lists := compiled.post_compile_params | compiled.literal_execute_params:
        names = ", ".join(sorted(bind.key for bind in lists))
        raise _refusal(f"its SQL depends on values ({names}); use `column == any_(…)` for a list as one parameter")
    if defaults := [*compiled.insert_prefetch, *compiled.update_prefetch]:
        names = ", ".join(column.name for column in defaults)
        raise _refusal(f"Python computes defaults for each row ({names}); add these columns to values()")
    if compiled.implicit_returning:
        raise _refusal("return_defaults() needs SQLAlchemy; use returning()")


def _refusal(reason: str) -> ArgumentError:
    return ArgumentError(f"This statement cannot be prepared: {reason}.")


def as_sqlalchemy_says(error: Exception, sql: str, parameters: Any, *, lost: bool = False) -> Exception:  # noqa: ANN401
    """Return the error as SQLAlchemy raises it, without values of parameters in its text."""
    return DBAPIError.instance(
        sql,
        parameters,
        error,
        DIALECT.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=DIALECT,
    )
