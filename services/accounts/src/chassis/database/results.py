"""Rows of prepared statements, in the form that SQLAlchemy gives to rows."""

from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any, Final, TypeVarTuple

from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.engine import IteratorResult
from sqlalchemy.engine.cursor import _NO_RESULT_METADATA, CursorResultMetaData
from sqlalchemy.engine.result import ResultMetaData
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.util import EMPTY_DICT

DIALECT: Final = PGDialect_asyncpg(dbapi=PGDialect_asyncpg.import_dbapi())  # type: ignore[no-untyped-call]

Columns = TypeVarTuple("Columns")
Description = Sequence[tuple[Any, ...]]


class PreparedResult(IteratorResult[*Columns]):
    """The rows of a prepared statement, all of them fetched; it reads as SQLAlchemy's `CursorResult` does."""

    def __init__(self, metadata: ResultMetaData, rows: Iterable[Any], rowcount: int) -> None:
        super().__init__(metadata, iter(rows))
        self.rowcount = rowcount
        """How many rows the statement found or changed."""

    @property
    def returns_rows(self) -> bool:
        """Whether the statement has columns; an INSERT without RETURNING has none."""
        return self._metadata is not _NO_RESULT_METADATA


class ResultShape:
    """Joins the columns that the server tells of with those of the statement, as SQLAlchemy does for its own results.

    Done once, and again when the server tells of other columns: a migration has changed them.
    """

    def __init__(self, compiled: SQLCompiler) -> None:
        context = DIALECT.execution_ctx_cls.__new__(DIALECT.execution_ctx_cls)
        context.dialect = DIALECT
        context.execution_options = EMPTY_DICT
        context.result_column_struct = (  # the five that SQLAlchemy's own contexts take from what is compiled
            compiled._result_columns,  # noqa: SLF001
            compiled._ordered_columns,  # noqa: SLF001
            compiled._textual_ordered_columns,  # noqa: SLF001
            compiled._ad_hoc_textual,  # noqa: SLF001
            compiled._loose_column_name_matching,  # noqa: SLF001
        )
        self._parent: Any = SimpleNamespace(context=context)
        self._description: Description | None = None
        self._metadata: ResultMetaData = _NO_RESULT_METADATA

    def result(
        self, description: Description | None, rows: Iterable[Sequence[Any]], rowcount: int
    ) -> PreparedResult[*tuple[Any, ...]]:
        """What the driver returned; `description` is that of its cursor."""
        if description != self._description:
            metadata = CursorResultMetaData(self._parent, description) if description else _NO_RESULT_METADATA
            self._metadata, self._description = metadata, description
        return PreparedResult(self._metadata, rows, rowcount)
