"""Queries about users, who belong to another service."""

from collections.abc import Collection
from typing import Protocol
from uuid import UUID


class UserDirectory(Protocol):
    """The users service, for the use cases."""

    async def unknown(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        """Return which of these IDs belong to no user, with one call. Duplicates are fine, and so are no IDs.

        Errors of the call pass through.
        """
