"""What several requests want to know of the users service at once is asked in one call."""

import asyncio
from collections.abc import Collection
from typing import Final
from uuid import UUID

from chassis.request_context import current_request

from ...core.clients.users import UserDirectory

MOST_IDS: Final = 100  # that the users service answers for in one call


class _Batch:
    """The ids that are asked about in one call, made in the name of the first request that needs it."""

    def __init__(self) -> None:
        self.user_ids: dict[UUID, None] = {}  # in the order of asking, so that a call is always the same
        self.request = current_request()
        self.call: asyncio.Task[frozenset[UUID]]


class BatchedUsers:
    """A UserDirectory that asks another one once for all who ask within one turn of the event loop.

    Nobody waits for others to come: the call is made when those have asked who were to run anyway. A failure is the
    failure of each; who leaves does not take the answer from the rest.
    """

    def __init__(self, directory: UserDirectory) -> None:
        self._directory = directory
        self._open: _Batch | None = None

    async def unknown(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        """Which of these ids belong to no user."""
        batch = self._batch_with_room_for(len(user_ids))
        batch.user_ids.update(dict.fromkeys(user_ids))
        # Unlike shield(), this neither cancels the call nor complains when someone has left and it fails.
        await asyncio.wait([batch.call])
        _link_to(batch)
        return batch.call.result().intersection(user_ids)

    def _batch_with_room_for(self, count: int) -> _Batch:
        batch = self._open
        if batch is None or len(batch.user_ids) + count > MOST_IDS:
            batch = self._open = _Batch()
            batch.call = asyncio.create_task(self._ask(batch))
            batch.call.add_done_callback(_take_note)
        return batch

    async def _ask(self, batch: _Batch) -> frozenset[UUID]:
        if self._open is batch:
            self._open = None
        return await self._directory.unknown(batch.user_ids)


def _take_note(call: asyncio.Task[frozenset[UUID]]) -> None:
    """Keep asyncio from complaining of a failure that nobody waits for any more."""
    if not call.cancelled():
        call.exception()


def _link_to(batch: _Batch) -> None:
    """Have the access line say in whose name the users service was asked, if it was another request."""
    request = current_request()
    if request and batch.request and request is not batch.request:
        request.link_to(batch.request)
