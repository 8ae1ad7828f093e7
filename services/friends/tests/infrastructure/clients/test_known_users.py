"""Existing users are cached for a limited time and number; absence and failures never are."""

import pytest

from friends_service.infrastructure.clients.known_users import KnownUsers

from ...core.clients.users import ADA, BOB, EVE, KNOWN, NOBODY, RecordingDirectory, UserDirectoryContract

TTL = 60.0


class TestKnownUsers(UserDirectoryContract):
    @pytest.fixture
    def directory(self) -> KnownUsers:
        return KnownUsers(RecordingDirectory(*KNOWN), ttl=TTL, size=2)

    @pytest.fixture
    def out_of_reach(self) -> KnownUsers:
        return KnownUsers(RecordingDirectory(*KNOWN, failure=ConnectionError), ttl=TTL, size=2)


class Clock:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def upstream() -> RecordingDirectory:
    return RecordingDirectory(*KNOWN)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def users(upstream: RecordingDirectory, clock: Clock) -> KnownUsers:
    return KnownUsers(upstream, ttl=TTL, size=2, clock=clock)


async def test_caches_existing_users(users: KnownUsers, upstream: RecordingDirectory) -> None:
    assert await users.unknown([ADA, BOB]) == frozenset()
    assert await users.unknown([BOB, ADA]) == frozenset()
    assert upstream.calls == [(ADA, BOB)]


async def test_looks_up_only_users_that_are_not_cached(users: KnownUsers, upstream: RecordingDirectory) -> None:
    await users.unknown([ADA])
    assert await users.unknown([ADA, NOBODY]) == {NOBODY}
    assert upstream.calls == [(ADA,), (NOBODY,)]


async def test_does_not_cache_unknown_users(users: KnownUsers, upstream: RecordingDirectory) -> None:
    assert await users.unknown([NOBODY]) == {NOBODY}
    upstream.known.add(NOBODY)
    assert await users.unknown([NOBODY]) == frozenset()


async def test_expires_after_the_ttl(users: KnownUsers, upstream: RecordingDirectory, clock: Clock) -> None:
    await users.unknown([ADA])
    clock.seconds += TTL - 0.001
    await users.unknown([ADA])
    assert len(upstream.calls) == 1
    clock.seconds += 0.001
    await users.unknown([ADA])
    assert len(upstream.calls) == 2


async def test_reading_does_not_extend_the_ttl(users: KnownUsers, upstream: RecordingDirectory, clock: Clock) -> None:
    for _ in range(4):
        await users.unknown([ADA])
        clock.seconds += TTL / 3
    assert len(upstream.calls) == 2


async def test_evicts_the_oldest_entries_when_full(users: KnownUsers, upstream: RecordingDirectory) -> None:
    for user_id in (ADA, BOB, EVE):
        await users.unknown([user_id])
    upstream.calls.clear()
    await users.unknown([BOB, EVE])
    assert upstream.calls == []
    await users.unknown([ADA])
    assert upstream.calls == [(ADA,)]


async def test_handles_a_lookup_larger_than_the_cache(users: KnownUsers) -> None:
    assert await users.unknown([ADA, BOB, EVE, NOBODY]) == {NOBODY}


async def test_a_ttl_of_zero_disables_the_cache(upstream: RecordingDirectory, clock: Clock) -> None:
    users = KnownUsers(upstream, ttl=0, size=2, clock=clock)
    await users.unknown([ADA])
    await users.unknown([ADA])
    assert upstream.calls == [(ADA,), (ADA,)]


async def test_serves_cached_users_while_the_upstream_is_down(users: KnownUsers, upstream: RecordingDirectory) -> None:
    await users.unknown([ADA])
    upstream.failure = ConnectionError
    assert await users.unknown([ADA]) == frozenset()
    with pytest.raises(ConnectionError):
        await users.unknown([ADA, BOB])


async def test_does_not_cache_failures(users: KnownUsers, upstream: RecordingDirectory) -> None:
    upstream.failure = ConnectionError
    with pytest.raises(ConnectionError):
        await users.unknown([ADA])
    upstream.failure = None
    await users.unknown([ADA])
    assert len(upstream.calls) == 2


async def test_makes_no_call_for_an_empty_lookup(users: KnownUsers, upstream: RecordingDirectory) -> None:
    await users.unknown([])
    assert upstream.calls == []
