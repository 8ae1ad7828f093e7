"""Statements that are made once, at import, and that the driver then runs directly."""

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
    """A statement with its SQL, the order of its parameters and the conversions of all values; `prepared` makes it."""

    def __init__(self, compiled: SQLCompiler) -> None:
        self.sql: Final = compiled.string
        self.shape: Final = ResultShape(compiled)
        self._compiled = compiled
        self.statement: Final[Executable] = cast(Executable, compiled.statement)
        processors: Mapping[str, Any] = compiled._bind_processors  # noqa: SLF001 - of literals and of parameters, by type
        self._places = [(name, processors.get(name)) for name in compiled.positiontup or ()]
        self._names = frozenset(compiled.bind_names.values())

    @cached_property
    def operation(self) -> Mapping[str, str | int]:
        """What traces tell of it."""
        return operation_of(self.statement)

    def arguments(self, parameters: object) -> tuple[Any, ...]:
        """The parameters as the driver takes them.

        `StatementError` names one that is missing, `ArgumentError` one that the statement does not have.
        """
        if not isinstance(parameters, Mapping | None):
            raise ArgumentError("A prepared statement takes one set of parameters; give several to a plain statement.")
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
        """Let the driver run it: SQLAlchemy's own way, through a greenlet, takes several times the CPU time.

        A plan that the connection made before `plans_since`, in seconds since 1970, is made anew.
        """
        cursor: Any = connection.cursor()
        cursor._invalidate_schema_cache_asof = plans_since  # noqa: SLF001 - as SQLAlchemy does before each execution
        try:
            await cursor._prepare_and_execute(self.sql, arguments)  # noqa: SLF001 - what `cursor.execute` waits for
        except DIALECT.loaded_dbapi.Error as error:
            lost = cursor._connection.is_closed()  # noqa: SLF001
            raise as_sqlalchemy_says(error, self.sql, arguments, lost=lost) from error
        return self.shape.result(cursor.description, cursor.fetchall(), cursor.rowcount)

    async def run_in_transaction(self, connection: AsyncConnection, parameters: object) -> PreparedResult[*Columns]:
        """Let SQLAlchemy run it, which knows when the transaction begins, and when the connection is lost."""
        plain = connection.sync_connection
        if plain and plain.get_execution_options().get("schema_translate_map"):
            raise ArgumentError("A prepared statement knows no schema_translate_map; run the statement as it is.")
        done = await connection.exec_driver_sql(self.sql, self.arguments(parameters))
        cursor = done.context.cursor
        rows = cursor.fetchall() if done.returns_rows else ()
        return self.shape.result(cursor.description, rows, done.rowcount)


@overload
def prepared(statement: TypedReturnsRows[*Columns]) -> Prepared[*Columns]: ...
@overload
def prepared(statement: Executable) -> Prepared[*tuple[Any, ...]]: ...
def prepared(statement: Executable) -> Prepared[*tuple[Any, ...]]:
    """Compile a statement for the driver to run; made once, at import, below the models that it names.

    An INSERT or UPDATE without `values()` has a parameter for each column of its table. What has to be worked out for
    each call raises `ArgumentError`, which says what it is; run such a statement as it is.
    """
    if not isinstance(statement, Executable):
        raise ObjectNotExecutableError(statement)
    if options := [*statement.get_execution_options()]:
        raise _refusal(f"it has execution options ({', '.join(options)}), which only SQLAlchemy knows")
    compiled = _as_it_is_run(statement).compile(dialect=DIALECT)
    if not isinstance(compiled, SQLCompiler):
        raise _refusal("it is no query, but changes the schema")
    _refuse_what_each_call_needs(compiled)
    return Prepared(compiled)


def _as_it_is_run(statement: Any) -> Any:  # noqa: ANN401 - Executable has no common class with what can be compiled
    if isinstance(statement, FunctionElement):
        return statement.select()
    if isinstance(statement, Insert | Update) and not (statement._returning or statement._return_defaults):  # noqa: SLF001
        return statement.inline()  # else SQLAlchemy adds a RETURNING of its own, for `inserted_primary_key`
    return statement


def _refuse_what_each_call_needs(compiled: SQLCompiler) -> None:
    if lists := compiled.post_compile_params | compiled.literal_execute_params:
        names = ", ".join(sorted(bind.key for bind in lists))
        raise _refusal(f"its SQL depends on values ({names}); `column == any_(…)` takes a list as one parameter")
    if defaults := [*compiled.insert_prefetch, *compiled.update_prefetch]:
        names = ", ".join(column.name for column in defaults)
        raise _refusal(f"defaults are made in Python for each row ({names}); name these columns in values()")
    if compiled.implicit_returning:
        raise _refusal("return_defaults() is SQLAlchemy's own business; use returning()")


def _refusal(reason: str) -> ArgumentError:
    return ArgumentError(f"This statement cannot be prepared: {reason}.")


def as_sqlalchemy_says(error: Exception, sql: str, parameters: Any, *, lost: bool = False) -> Exception:  # noqa: ANN401
    """The error as SQLAlchemy raises it, whose text tells no values of parameters."""
    return DBAPIError.instance(
        sql,
        parameters,
        error,
        DIALECT.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=DIALECT,
    )
