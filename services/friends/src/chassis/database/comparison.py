"""Choose what Alembic compares between database and models, in `alembic check` and `revision --autogenerate`."""

import logging
from collections.abc import Collection, MutableMapping
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, Final, Literal

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrationScript
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.schema import SchemaItem

from .enums import add_enums

# Partitions belong to their table, foreign tables to another server, and extensions have tables of their own.
NOT_OF_MODELS: Final = text("""
    SELECT pg_namespace.nspname, pg_class.relname FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = pg_class.relnamespace
    WHERE pg_class.relispartition OR pg_class.relkind = 'f' OR EXISTS (
        SELECT FROM pg_depend
        WHERE pg_depend.classid = 'pg_class'::regclass AND pg_depend.objid = pg_class.oid AND pg_depend.deptype = 'e'
    )
""")

logger = logging.getLogger(__name__)


class Comparison:
    """Compares the tables in the schemas of the models, except for those that belong to something else."""

    def __init__(self, connection: Connection, models: MetaData, unmanaged: Collection[str]) -> None:
        """`unmanaged`: patterns for names of objects that the models do not describe."""
        self._connection = connection
        self._models = models
        self._unmanaged = unmanaged
        self._default_schema = connection.dialect.default_schema_name

    def includes_name(self, name: str | None, kind: str, parents: MutableMapping[Any, str | None]) -> bool:
        """Return whether to reflect the object with this name (Alembic's `include_name`)."""
        if kind == "schema":
            return name is None or name in {table.schema for table in self._models.tables.values()}
        if kind == "table":
            schema = parents["schema_name"] or self._default_schema
            is_others = (schema, name) in self._of_others
            return not is_others and not self._is_unmanaged(name, f"{schema}.{name}")
        return True

    def includes_object(
        self,
        thing: SchemaItem,
        name: str | None,
        kind: str,
        _reflected: bool,  # noqa: FBT001 - not our signature
        _compare_to: SchemaItem | None,
    ) -> bool:
        """Return whether to compare the object (Alembic's `include_object`)."""
        owner = getattr(thing, "schema" if kind == "table" else "table", None)
        return not self._is_unmanaged(name, f"{self._default_schema if owner is None else owner}.{name}")

    def import_type(self, kind: str, thing: object, context: AutogenContext) -> Literal[False]:
        """Import a type of the service or a library in the migration that uses it (Alembic's `render_item`)."""
        if kind == "type" and not (module := type(thing).__module__).startswith("sqlalchemy."):
            context.imports.add(f"import {module}")
        return False

    def complete(self, alembic: MigrationContext, _revision: object, scripts: list[MigrationScript]) -> None:
        """Add statements for enums to generated migrations, and drop migrations that change nothing.

        This is Alembic's `process_revision_directives`.
        """
        for script in scripts:
            add_enums(script, self._connection, self._models)
        asked_for_changes = getattr(alembic.config and alembic.config.cmd_opts, "autogenerate", False)
        if asked_for_changes and all(script.upgrade_ops is None or script.upgrade_ops.is_empty() for script in scripts):
            scripts.clear()
            logger.info("models and database match, so no migration is needed")

    @cached_property
    def _of_others(self) -> set[tuple[str, str]]:
        described = {(table.schema or self._default_schema, table.name) for table in self._models.tables.values()}
        return {(schema, name) for schema, name in self._connection.execute(NOT_OF_MODELS)} - described

    def _is_unmanaged(self, *names: str | None) -> bool:
        return any(fnmatchcase(name, pattern) for name in names if name for pattern in self._unmanaged)
