"""Add enum types and new enum members to generated migrations, which Alembic leaves out.

A member removed from the models stays in the database: PostgreSQL cannot drop it, and rows may use it.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from alembic.operations.ops import CreateTableOp, ExecuteSQLOp, MigrationScript
from sqlalchemy import ARRAY, Column, Connection, Enum, MetaData, TypeDecorator, text

MEMBERS: Final = text("""
    SELECT enumlabel FROM pg_enum
    JOIN pg_type ON pg_type.oid = enumtypid
    JOIN pg_namespace ON pg_namespace.oid = typnamespace
    WHERE typname = :name AND nspname = :schema
    ORDER BY enumsortorder
""")


def add_enums(script: MigrationScript, connection: Connection, models: MetaData) -> None:
    """Add statements for types and members that the database lacks."""
    if script.upgrade_ops is None or script.downgrade_ops is None:
        return
    made = {
        enum.name  # by op.create_table itself
        for operation in script.upgrade_ops.ops
        if isinstance(operation, CreateTableOp)
        for enum in _enums(item for item in operation.columns if isinstance(item, Column))
    }
    statements: list[str] = []
    for enum in _enums(column for table in models.sorted_tables for column in table.columns):
        schema = enum.schema or connection.dialect.default_schema_name
        found = connection.scalars(MEMBERS, {"name": enum.name, "schema": schema}).all()
        name = _name(enum, connection)
        if found:
            statements += _additions(name, enum.enums, found)
            continue
        if enum.name not in made:
            statements.append(f"CREATE TYPE {name} AS ENUM ({', '.join(map(_literal, enum.enums))})")
        script.downgrade_ops.ops.append(ExecuteSQLOp(f"DROP TYPE {name}"))
    script.upgrade_ops.ops[:0] = map(ExecuteSQLOp, statements)


def _additions(name: str, wanted: Iterable[str], found: Iterable[str]) -> Iterator[str]:
    """Yield statements that add missing members at their place in the models, since that is their sort order."""
    place = f"BEFORE {_literal(next(iter(found)))}"
    for member in wanted:
        if member not in found:
            # A downgrade leaves the member, so it may exist at the next upgrade.
            yield f"ALTER TYPE {name} ADD VALUE IF NOT EXISTS {_literal(member)} {place}"
        place = f"AFTER {_literal(member)}"


def _enums(columns: Iterable[Column[object]]) -> Iterator[Enum]:
    """Yield each PostgreSQL enum once, including those in arrays and type decorators."""
    seen = set()
    for column in columns:
        kind: object = column.type
        while isinstance(kind, TypeDecorator | ARRAY):
            kind = kind.impl_instance if isinstance(kind, TypeDecorator) else kind.item_type
        if isinstance(kind, Enum) and kind.native_enum and kind.name and (kind.schema, kind.name) not in seen:
            seen.add((kind.schema, kind.name))
            yield kind


def _name(enum: Enum, connection: Connection) -> str:
    preparer = connection.dialect.identifier_preparer
    name = preparer.quote(enum.name or "")
    return f"{preparer.quote_schema(enum.schema)}.{name}" if enum.schema else name


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
