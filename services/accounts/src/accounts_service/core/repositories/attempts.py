"""The repository of login attempts, shared by all replicas."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from ..entities.attempts import Bucket


class AttemptRepository(Protocol):
    """The buckets, and the addresses of earlier logins. Errors of the storage itself pass through."""

    async def take(self, bucket: Bucket, *, now: datetime) -> int:
        """Add one attempt and return 0, or return the seconds to wait if there is no room."""

    async def give_back(self, buckets: Sequence[Bucket]) -> None:
        """Remove one attempt from each bucket."""

    async def is_known(self, key: bytes, *, now: datetime) -> bool:
        """Return whether there was a login with this key in the last 90 days."""

    async def remember(self, key: bytes, *, now: datetime) -> None:
        """Record a login."""
