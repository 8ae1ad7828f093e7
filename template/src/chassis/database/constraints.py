"""Turn violated constraints into domain errors."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.elements import conv

from .errors import driver_error, sqlstate
from .results import DIALECT

_NAME_BYTES: Final = 63  # NAMEDATALEN - 1
_FOREIGN_KEY: Final = {"23001", "23503"}  # restrict_violation, foreign_key_violation
_PREPARER: Final = DIALECT.identifier_preparer


@contextmanager
def constraint_errors(errors: Mapping[str, Exception]) -> Iterator[None]:
    """Raise the domain error for the violated constraint, by its exact name.

    A name of more than 63 bytes may be given in full or shortened, as in the database.
    """
    try:
        yield
    except IntegrityError as error:
        violated = getattr(driver_error(error), "constraint_name", None)
        domain_error = next((errors[name] for name in errors if violated in _names_in_database(name)), None)
        if domain_error is None:
            raise
        raise domain_error from error


@contextmanager
def reference_error(instead: Exception) -> Iterator[None]:
    """Raise `instead` if a row to delete is still referenced, by any table, including those added later."""
    try:
        yield
    except IntegrityError as error:
        if sqlstate(error) not in _FOREIGN_KEY:
            raise
        raise instead from error


def _names_in_database(name: str) -> tuple[str, ...]:
    """Return the name in full, truncated by PostgreSQL, and shortened by SQLAlchemy's naming convention."""
    if len(name.encode()) <= _NAME_BYTES:
        return (name,)
    cut_off = name.encode()[:_NAME_BYTES].decode(errors="ignore")
    shortened = _PREPARER.truncate_and_render_constraint_name(conv(name), _alembic_quote=False)
    return name, cut_off, shortened
