"""Describe a statement for traces: its operation and table, never a value."""

from typing import Any, Final

from sqlalchemy import Executable, TextClause
from sqlalchemy.sql.util import find_tables

Attributes = dict[str, str | int]

_QUERIES: Final = frozenset({"compound_select", "values", "textual_select"})
_KNOWN_WORDS: Final = frozenset({
    "ALTER", "CALL", "COMMENT", "COPY", "CREATE", "DELETE", "DROP", "EXPLAIN", "INSERT", "LOCK", "MERGE", "NOTIFY",
    "REFRESH", "REINDEX", "SELECT", "SET", "TRUNCATE", "UPDATE", "VACUUM", "WITH",
})  # fmt: skip


def operation_of(statement: Executable) -> Attributes:
    """Return the attributes for the operation and, if it is only one, the table."""
    if isinstance(statement, TextClause):
        first = (statement.text.split(None, 1) or [""])[0].upper()
        return {"db.operation.name": first} if first in _KNOWN_WORDS else {}
    kind: str = getattr(statement, "__visit_name__", "")
    attributes: Attributes = {"db.operation.name": "SELECT" if kind in _QUERIES else kind.upper().replace("_", " ")}
    tables = {table.name for table in _tables(statement)}
    if len(tables) == 1:
        attributes["db.collection.name"] = tables.pop()
    return attributes


def _tables(statement: Any) -> list[Any]:  # noqa: ANN401 - as SQLAlchemy's signature
    return find_tables(statement, include_crud=True)
