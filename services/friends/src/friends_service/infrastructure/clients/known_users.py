"""A memory of users that were found to exist."""

import time
from collections.abc import Callable, Collection
from uuid import UUID

from cachetools import TTLCache

from chassis.measurements import Measurement

from ...core.clients.users import UserDirectory


class KnownUsers:
    """A UserDirectory that asks another one only about ids it has not seen to exist within the last `ttl` seconds.

    Users cannot be deleted, so existence may be remembered; absence never is. A `ttl` of 0 remembers nothing. Of more
    than `size` (1 or more) users, those confirmed longest ago are forgotten. Failures to ask pass through.
    """

    def __init__(
        self, directory: UserDirectory, *, ttl: float, size: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._directory = directory
        self._known: TTLCache[UUID, None] = TTLCache(maxsize=size, ttl=ttl, timer=clock)

    def measurements(self) -> list[Measurement]:
        """How many are known."""
        return [
            Measurement(
                name="friends.known_users",
                unit="{user}",
                description="Users that are known to exist, without asking again.",
                read=lambda: [(len(self._known), {})],
                kind="sum",
            )
        ]

    async def unknown(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        """Which of these ids belong to no user; without asking if all are remembered."""
        asked = [user_id for user_id in user_ids if user_id not in self._known]
        if not asked:
            return frozenset()
        unknown = await self._directory.unknown(asked)
        for user_id in asked:
            if user_id not in unknown:
                self._known[user_id] = None
        return unknown
