"""Repositories in PostgreSQL, and the models of their tables."""

from typing import Final

# Objects in the database that the models do not describe, so that `alembic` ignores them: names, with `*` as wildcard,
# such as `table`, `schema.table`, `table.column`, or the name of an index or constraint.
UNMANAGED: Final[tuple[str, ...]] = ()
