"""Concurrent lookups share one call; each caller gets its own result, and no caller fails because of another one."""

import asyncio
import gc
from collections.abc import AsyncIterator, Collection
from contextvars import Context
from uuid import UUID

import pytest

from chassis.request_context import RequestContext, begin_request

from friends_service.infrastructure.clients.batched_users import MOST_IDS, BatchedUsers

from ...core.clients.users import ADA, BOB, EVE, KNOWN, NOBODY, RecordingDirectory, UserDirectoryContract


class TestBatchedUsers(UserDirectoryContract):
    @pytest.fixture
    def directory(self) -> BatchedUsers:
        return BatchedUsers(RecordingDirectory(*KNOWN))

    @pytest.fixture
    def out_of_reach(self) -> BatchedUsers:
        return BatchedUsers(RecordingDirectory(*KNOWN, failure=ConnectionError))


class Upstream(RecordingDirectory):
    """An upstream that records calls immediately, and responds when told to."""

    def __init__(self) -> None:
        super().__init__(*KNOWN)
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def unknown(self, user_ids: Collection[UUID]) -> frozenset[UUID]:
        try:
            return await super().unknown(user_ids)
        finally:
            await self.may_answer.wait()


@pytest.fixture
async def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
def users(upstream: Upstream) -> BatchedUsers:
    return BatchedUsers(upstream)


async def test_batches_concurrent_lookups_into_one_call(users: BatchedUsers, upstream: Upstream) -> None:
    answers = await asyncio.gather(*map(users.unknown, [[ADA, BOB], [BOB, NOBODY], [EVE]]))
    assert answers == [frozenset(), {NOBODY}, frozenset()]
    assert upstream.calls == [(ADA, BOB, NOBODY, EVE)]


async def test_does_not_wait_for_a_running_call(users: BatchedUsers, upstream: Upstream) -> None:
    upstream.may_answer.clear()
    first = asyncio.create_task(users.unknown([ADA]))
    await asyncio.sleep(0.01)
    second = asyncio.create_task(users.unknown([NOBODY]))
    await asyncio.sleep(0.01)
    assert upstream.calls == [(ADA,), (NOBODY,)], "a second lookup must not wait for a running call"
    upstream.may_answer.set()
    assert await asyncio.gather(*[first, second]) == [frozenset(), {NOBODY}]


async def test_limits_the_size_of_a_batch(users: BatchedUsers, upstream: Upstream) -> None:
    asked = [[UUID(int=number), UUID(int=number + 1)] for number in range(1000, 1000 + 2 * (MOST_IDS + 2), 2)]
    assert await asyncio.gather(*map(users.unknown, asked)) == list(map(frozenset, asked))
    assert [len(call) for call in upstream.calls] == [MOST_IDS, MOST_IDS, 4]


async def test_failure_affects_only_the_callers_of_its_batch(users: BatchedUsers, upstream: Upstream) -> None:
    upstream.failure = ConnectionError
    answers = await asyncio.gather(users.unknown([ADA]), users.unknown([NOBODY]), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ConnectionError] * 2
    upstream.failure = None
    assert await users.unknown([ADA]) == frozenset()


@pytest.mark.parametrize("leaver", [0, 1])
async def test_cancelled_caller_does_not_cancel_the_batch(users: BatchedUsers, upstream: Upstream, leaver: int) -> None:
    upstream.may_answer.clear()
    waiting = [asyncio.create_task(users.unknown([user_id])) for user_id in (NOBODY, ADA)]
    await asyncio.sleep(0.01)
    waiting.pop(leaver).cancel()
    upstream.may_answer.set()
    assert await waiting[0] == ({NOBODY} if leaver else frozenset())
    assert len(upstream.calls) == 1


@pytest.fixture
async def complaints() -> AsyncIterator[list[object]]:
    """Return the errors that the shared event loop reports during the test."""
    complaints: list[object] = []
    gc.collect()  # left by earlier tests
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    yield complaints
    loop.set_exception_handler(before)


async def test_failure_without_waiting_callers_is_not_reported(
    users: BatchedUsers, upstream: Upstream, complaints: list[object]
) -> None:
    upstream.may_answer.clear()
    upstream.failure = ConnectionError
    task = asyncio.create_task(users.unknown([ADA]))
    await asyncio.sleep(0.01)
    task.cancel()
    upstream.may_answer.set()
    await asyncio.sleep(0.01)
    del task  # and with it the failed call
    gc.collect()
    assert complaints == []


async def test_links_the_request_ids_of_a_batch(users: BatchedUsers) -> None:
    async def ask_as_a_request() -> RequestContext:
        request = begin_request()
        await users.unknown([ADA])
        return request

    tasks = [asyncio.create_task(ask_as_a_request(), context=Context()) for _ in range(3)]
    first, second, third = await asyncio.gather(*tasks)
    assert first.linked_request_ids == []
    assert second.linked_request_ids == third.linked_request_ids == [first.request_id]
