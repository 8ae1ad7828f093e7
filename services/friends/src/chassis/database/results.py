"""Results of prepared statements, with rows like SQLAlchemy's."""

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
    """All rows of a prepared statement, with the interface of SQLAlchemy's `CursorResult`."""

    def __init__(self, metadata: ResultMetaData, rows: Iterable[Any], rowcount: int) -> None:
        super().__init__(metadata, iter(rows))
        self.rowcount = rowcount
        """Number of rows that the statement returned or changed."""

    @property
    def returns_rows(self) -> bool:
        """Return whether the statement has columns. An INSERT without RETURNING has none."""
        return self._metadata is not _NO_RESULT_METADATA


class ResultShape:
    """Maps columns of the server to those of the statement, as SQLAlchemy does for its own results.

    The mapping is cached until a migration changes the columns.
    """

    def __init__(self, compiled: SQLCompiler) -> None:
        context = DIALECT.execution_ctx_cls.__new__(DIALECT.execution_ctx_cls)
        context.dialect = DIALECT
        context.execution_options = EMPTY_DICT
        context.result_column_struct = (  # the five values that SQLAlchemy's contexts use
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
        """Return the result for the driver's rows. `description` is that of its cursor."""
        if description != self._description:
            metadata = CursorResultMetaData(self._parent, description) if description else _NO_RESULT_METADATA
            self._metadata, self._description = metadata, description
        return PreparedResult(self._metadata, rows, rowcount)
