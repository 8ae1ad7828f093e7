"""Identifiers made by the service: UUID version 7 (RFC 9562), which sort by the time they were made."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh UUIDv7; within one process each is greater than the one before."""
    return uuid7()
