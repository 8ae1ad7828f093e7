"""Violated constraints as errors of the domain."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError

from .errors import driver_error


@contextmanager
def constraint_errors(errors: Mapping[str, Exception]) -> Iterator[None]:
    """Raise the domain error that belongs to the violated constraint, found by its exact name."""
    try:
        yield
    except IntegrityError as error:
        domain_error = errors.get(getattr(driver_error(error), "constraint_name", None) or "")
        if domain_error is None:
            raise
        raise domain_error from error
