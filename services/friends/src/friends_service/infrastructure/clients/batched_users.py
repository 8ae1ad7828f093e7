"""Batch concurrent queries to the users service into one call."""

import asyncio
from collections.abc import Collection
from typing import Final
from uuid import UUID

from chassis.request_context import current_request

from ...core.clients.users import UserDirectory

MOST_IDS: Final = 100  # limit of the users service per call


class _Batch:
    """The IDs of one call, which belongs to the first request that needs it."""

    def __init__(self) -> None:
        self.user_ids: dict[UUID, None] = {}  # in insertion order, so that calls are reproducible
        self.request = current_request()
        self.call: asyncio.Task[frozenset[UUID]]


class BatchedUsers:
    """A UserDirectory that makes one call to another for all queries within one turn of the event loop.

    Queries do not wait for others: the call is made after the tasks that were ready have run. An error is raised for
    all queries of the batch. A cancelled query does not affect the others.
    """

    def __init__(self, directory: UserDirectory) -> None:
        self._directory = directory
        self._open: _Batch | None = None

    async def unknown(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        """Return which of these IDs belong to no user."""
        batch = self._batch_with_room_for(len(user_ids))
        batch.user_ids.update(dict.fromkeys(user_ids))
        # Unlike shield(), this neither cancels the call nor warns if it fails after a query was cancelled.
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
    """Keep asyncio from logging an error that no query waits for any more."""
    if not call.cancelled():
        call.exception()


def _link_to(batch: _Batch) -> None:
    """Record in the access log which other request made the call, if it was another one."""
    request = current_request()
    if request and batch.request and request is not batch.request:
        request.link_to(batch.request)
