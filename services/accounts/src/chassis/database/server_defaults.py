"""Whether a column has the default that its model describes, as `alembic check` asks."""

from typing import Any, Final

from alembic.ddl.postgresql import PostgresqlImpl
from sqlalchemy import Column, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateColumn

DEFAULT: Final = text("SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'pg_temp.compared'::regclass")


class ComparingImpl(PostgresqlImpl):
    """Takes the place of Alembic's own as soon as this module is imported.

    Alembic compares what two defaults are worth, which fails for JSON, and is never the same for `random()`.
    """

    __dialect__ = "postgresql"

    def compare_server_default(
        self,
        _found: Column[Any],
        wanted: Column[Any],
        wanted_text: str | None,
        found_text: str | None,
    ) -> bool:
        """Whether they differ; identities and computed columns do not come here."""
        if wanted is wanted.table.autoincrement_column:
            return False
        if wanted_text is None or found_text is None:
            return wanted_text is not found_text
        return found_text != self._as_the_server_writes_it(wanted)

    def _as_the_server_writes_it(self, column: Column[Any]) -> str | None:
        """The default as PostgreSQL would give it back; None if it does not take it as the schema is now."""
        if self.connection is None:
            raise RuntimeError("nothing is compared without a database")
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
