"""Cache users that are known to exist."""

import time
from collections.abc import Callable, Collection
from uuid import UUID

from cachetools import TTLCache

from chassis.measurements import Measurement

from ...core.clients.users import UserDirectory


class KnownUsers:
    """A UserDirectory that queries another one only for IDs not confirmed within the last `ttl` seconds.

    Users cannot be deleted, so existence is cached, but absence is not. A `ttl` of 0 disables the cache. It holds at
    most `size` (1 or more) users; the oldest are dropped. Errors of queries pass through.
    """

    def __init__(
        self, directory: UserDirectory, *, ttl: float, size: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._directory = directory
        self._known: TTLCache[UUID, None] = TTLCache(maxsize=size, ttl=ttl, timer=clock)

    def measurements(self) -> list[Measurement]:
        """Return the measurement of the size of the cache."""
        return [
            Measurement(
                name="friends.known_users",
                unit="{user}",
                description="Users in the cache of existing users.",
                read=lambda: [(len(self._known), {})],
                kind="sum",
            )
        ]

    async def unknown(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        """Return which of these IDs belong to no user, without a query if all are cached."""
        asked = [user_id for user_id in user_ids if user_id not in self._known]
        if not asked:
            return frozenset()
        unknown = await self._directory.unknown(asked)
        for user_id in asked:
            if user_id not in unknown:
                self._known[user_id] = None
        return unknown
