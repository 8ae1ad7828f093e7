"""Violated constraints as errors of the domain."""

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
    """Raise the domain error that belongs to the violated constraint, found by its exact name.

    A name of more than 63 bytes may be given in full, or as the database has it, shortened.
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
    """Raise this if what is deleted is still referred to, by whichever table; also by one that is added later."""
    try:
        yield
    except IntegrityError as error:
        if sqlstate(error) not in _FOREIGN_KEY:
            raise
        raise instead from error


def _names_in_database(name: str) -> tuple[str, ...]:
    """The name as it is, as PostgreSQL cuts it off, and as SQLAlchemy shortens one that a naming convention makes."""
    if len(name.encode()) <= _NAME_BYTES:
        return (name,)
    cut_off = name.encode()[:_NAME_BYTES].decode(errors="ignore")
    shortened = _PREPARER.truncate_and_render_constraint_name(conv(name), _alembic_quote=False)
    return name, cut_off, shortened
