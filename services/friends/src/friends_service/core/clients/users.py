"""What this service asks about users, whom another service keeps."""

from collections.abc import Collection
from typing import Protocol
from uuid import UUID


class UserDirectory(Protocol):
    """The users service, as the use cases need it."""

    async def unknown(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        """Which of these ids belong to no user, asked in one call; duplicates are fine, and so is no id at all.

        What goes wrong with asking passes through.
        """
