"""Where attempts to log in are counted, for all replicas together."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from ..entities.attempts import Bucket


class AttemptRepository(Protocol):
    """The buckets, and who has logged in from where; what goes wrong with the storage itself passes through."""

    async def take(self, bucket: Bucket, *, now: datetime) -> int:
        """Add one attempt and return 0; or the seconds to wait, if there is no room, and nothing was added."""

    async def give_back(self, buckets: Sequence[Bucket]) -> None:
        """Take one attempt out of each."""

    async def is_known(self, key: bytes, *, now: datetime) -> bool:
        """Whether there was a login from here in the last 90 days."""

    async def remember(self, key: bytes, *, now: datetime) -> None:
        """Note that there was one."""
