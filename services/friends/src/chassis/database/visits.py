"""What traces tell of a visit to the database: the operation and the table, and never a value."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Executable, TextClause
from sqlalchemy.sql.util import find_tables

from chassis.settings import ChassisSettings
from chassis.spans import type_name

from .errors import sqlstate

Attributes = dict[str, str | int]

_QUERIES: Final = frozenset({"compound_select", "values", "textual_select"})
_KNOWN_WORDS: Final = frozenset({
    "ALTER", "CALL", "COMMENT", "COPY", "CREATE", "DELETE", "DROP", "EXPLAIN", "INSERT", "LOCK", "MERGE", "NOTIFY",
    "REFRESH", "REINDEX", "SELECT", "SET", "TRUNCATE", "UPDATE", "VACUUM", "WITH",
})  # fmt: skip


def place_of(settings: ChassisSettings) -> Attributes:
    """Which database is visited."""
    return {
        "db.system.name": "postgresql",
        "db.namespace": settings.postgres_db,
        "server.address": settings.postgres_host,
        "server.port": settings.postgres_port,
    }


def operation_of(statement: Executable) -> Attributes:
    """What is done, and with which table, if it is one."""
    if isinstance(statement, TextClause):
        first = (statement.text.split(None, 1) or [""])[0].upper()
        return {"db.operation.name": first} if first in _KNOWN_WORDS else {}
    kind: str = getattr(statement, "__visit_name__", "")
    attributes: Attributes = {"db.operation.name": "SELECT" if kind in _QUERIES else kind.upper().replace("_", " ")}
    tables = {table.name for table in _tables(statement)}
    if len(tables) == 1:
        attributes["db.collection.name"] = tables.pop()
    return attributes


def name_of(operation: Mapping[str, str | int], place: Attributes) -> str:
    """The name of the span, as the semantic conventions have it."""
    target = operation.get("db.collection.name", place["db.namespace"])
    return f"{operation['db.operation.name']} {target}" if "db.operation.name" in operation else str(target)


def error_type(error: BaseException) -> str:
    """PostgreSQL's SQLSTATE, or the kind of an error that is not its own."""
    return sqlstate(error) or type_name(error)


def _tables(statement: Any) -> list[Any]:  # noqa: ANN401 - what SQLAlchemy takes
    return find_tables(statement, include_crud=True)
