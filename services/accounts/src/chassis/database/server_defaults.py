"""Compare column defaults with those of the models, for `alembic check`."""

from typing import Any, Final

from alembic.ddl.postgresql import PostgresqlImpl
from sqlalchemy import Column, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateColumn

DEFAULT: Final = text("SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'pg_temp.compared'::regclass")


class ComparingImpl(PostgresqlImpl):
    """Replaces Alembic's own class when this module is imported.

    Alembic compares the values of two defaults, which fails for JSON and always differs for `random()`.
    """

    __dialect__ = "postgresql"

    def compare_server_default(
        self,
        _found: Column[Any],
        wanted: Column[Any],
        wanted_text: str | None,
        found_text: str | None,
    ) -> bool:
        """Return whether they differ. Not called for identities and computed columns."""
        if wanted is wanted.table.autoincrement_column:
            return False
        if wanted_text is None or found_text is None:
            return wanted_text is not found_text
        return found_text != self._as_the_server_writes_it(wanted)

    def _as_the_server_writes_it(self, column: Column[Any]) -> str | None:
        """Return the default as PostgreSQL renders it, or None if it is invalid in the current schema."""
        if self.connection is None:
            raise RuntimeError("cannot compare without a database")
        definition = CreateColumn(column).compile(dialect=self.dialect)
        savepoint = self.connection.begin_nested()
        try:
            self.connection.exec_driver_sql(f"CREATE TEMPORARY TABLE compared ({definition})")
            default: str | None = self.connection.scalar(DEFAULT)
        except DBAPIError:
            return None
        else:
            return default
        finally:
            savepoint.rollback()
