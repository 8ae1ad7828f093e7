"""Statements in the form that the driver runs: what SQLAlchemy works out anew for every call is worked out once."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

import asyncpg
from sqlalchemy import ColumnElement, Executable, Float, Numeric, Row
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.engine import result_tuple
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

_DIALECT: Final = dialect()  # type: ignore[no-untyped-call]
_EXPANDED_FOR_EACH_CALL: Final = "__[POSTCOMPILE"

Rows = list[Row[Any]]


class DirectStatement:
    """The SQL of a statement, the order of its parameters, and the names of its columns."""

    def __init__(self, compiled: SQLCompiler) -> None:
        self.sql = compiled.string
        self._compiled = compiled
        self._order = tuple(compiled.positiontup or ())
        self._to_driver = {
            name: processor
            for name, bind in compiled.binds.items()
            if (processor := bind.type.dialect_impl(_DIALECT).bind_processor(_DIALECT))
        }
        self._row: Callable[[Iterable[object]], Row[Any]] | None = None

    def arguments(self, parameters: Mapping[str, object] | None) -> list[Any]:
        """The parameters in the order of their places; `InvalidRequestError` names one that is missing."""
        values = self._compiled.construct_params(parameters)
        for name, processor in self._to_driver.items():
            values[name] = processor(values[name])
        return [values[name] for name in self._order]

    def rows(self, records: list[asyncpg.Record]) -> Rows:
        """What the driver returned, as SQLAlchemy's rows."""
        if not records:
            return []
        if self._row is None:
            self._row = result_tuple(tuple(records[0].keys()))
        return list(map(self._row, records))


@lru_cache(maxsize=512)
def direct_statement(statement: Executable, names: tuple[str, ...]) -> DirectStatement | None:
    """The statement as it is run with parameters of these names; None if each call needs SQLAlchemy.

    It does for what happens in Python: defaults of columns, types that convert results, `IN` with a bound list.
    """
    if not isinstance(statement, ClauseElement):
        return None
    compiled = statement.compile(dialect=_DIALECT, column_keys=list(names))
    if not isinstance(compiled, SQLCompiler) or _EXPANDED_FOR_EACH_CALL in compiled.string:
        return None
    if compiled.insert_prefetch or compiled.update_prefetch or any(map(_is_converted, _columns(statement))):
        return None
    return DirectStatement(compiled)


def _columns(statement: ClauseElement) -> Iterable[ColumnElement[Any]]:
    return getattr(statement, "exported_columns", ())


def _is_converted(column: ColumnElement[Any]) -> bool:
    implementation = column.type.dialect_impl(_DIALECT)
    if isinstance(implementation, (Numeric, Float)):  # that depends on the type which the server returns
        return True
    return implementation.result_processor(_DIALECT, None) is not None
