"""Repositories on PostgreSQL, and the models of their tables."""

from typing import Final

# What is in the database and no business of the models, so that `alembic` neither asks for it nor drops it: names with
# `*` for any text, as `table`, `schema.table`, `table.column`, or the name of an index or a constraint.
UNMANAGED: Final[tuple[str, ...]] = ()
