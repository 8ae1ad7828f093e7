"""The contract of every repository of attempts, and an in-memory one that fulfils it."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from accounts_service.core.entities.attempts import Bucket
from accounts_service.core.repositories.attempts import AttemptRepository

from .accounts import NOW

FORGOTTEN = timedelta(days=90)
BUCKET, OTHER = Bucket.of("one", limit=3), Bucket.of("other", limit=3)


class InMemoryAttempts:
    """An AttemptRepository without a database."""

    def __init__(self) -> None:
        self.levels: dict[bytes, tuple[float, datetime]] = {}
        self.known: dict[bytes, datetime] = {}

    async def take(self, bucket: Bucket, *, now: datetime) -> int:
        level, since = self.levels.get(bucket.key, (0.0, now))
        left = bucket.drained(level, since=since, now=now)
        seconds = bucket.seconds_to_wait(left)
        self.levels[bucket.key] = (left if seconds else left + 1, now)
        return seconds

    async def give_back(self, buckets: Sequence[Bucket]) -> None:
        for bucket in buckets:
            level, since = self.levels[bucket.key]
            self.levels[bucket.key] = (max(0.0, level - 1), since)

    async def is_known(self, key: bytes, *, now: datetime) -> bool:
        return key in self.known and self.known[key] > now - FORGOTTEN

    async def remember(self, key: bytes, *, now: datetime) -> None:
        self.known[key] = now


class AttemptRepositoryContract:
    """Tests of an empty repository, which a subclass or its module provides as the fixture `repository`."""

    async def test_accepts_attempts_up_to_the_limit(self, repository: AttemptRepository) -> None:
        assert [await repository.take(BUCKET, now=NOW) for _ in range(5)] == [0, 0, 0, 300, 300]
        assert await repository.take(OTHER, now=NOW) == 0

    async def test_counts_concurrent_attempts(self, repository: AttemptRepository) -> None:
        results = await asyncio.gather(*(repository.take(BUCKET, now=NOW) for _ in range(10)))
        assert results.count(0) == 3

    @pytest.mark.parametrize(("seconds", "room"), [(0, 0), (299, 0), (301, 1), (601, 2), (10_000, 3)])
    async def test_accepts_more_attempts_over_time(
        self, repository: AttemptRepository, seconds: int, room: int
    ) -> None:
        for _ in range(5):
            await repository.take(BUCKET, now=NOW)
        later = NOW + timedelta(seconds=seconds)
        assert [await repository.take(BUCKET, now=later) for _ in range(5)].count(0) == room

    async def test_returns_the_seconds_to_wait(self, repository: AttemptRepository) -> None:
        for _ in range(3):
            await repository.take(BUCKET, now=NOW)
        assert await repository.take(BUCKET, now=NOW + timedelta(seconds=100)) == 200

    async def test_returned_attempts_do_not_count(self, repository: AttemptRepository) -> None:
        for _ in range(3):
            await repository.take(BUCKET, now=NOW)
        await repository.take(OTHER, now=NOW)
        await repository.give_back([BUCKET, OTHER])
        assert [await repository.take(BUCKET, now=NOW) for _ in range(2)] == [0, 300]
        assert [await repository.take(OTHER, now=NOW) for _ in range(4)] == [0, 0, 0, 300]

    async def test_a_clock_that_is_behind_accepts_no_more_attempts(self, repository: AttemptRepository) -> None:
        for _ in range(3):
            await repository.take(BUCKET, now=NOW)
        assert await repository.take(BUCKET, now=NOW - timedelta(seconds=30)) > 0

    async def test_remembers_known_addresses_for_a_limited_time(self, repository: AttemptRepository) -> None:
        assert not await repository.is_known(b"me", now=NOW)
        await repository.remember(b"me", now=NOW)
        await repository.remember(b"me", now=NOW + timedelta(days=1))
        assert await repository.is_known(b"me", now=NOW + FORGOTTEN)
        assert not await repository.is_known(b"me", now=NOW + FORGOTTEN + timedelta(days=2))
        assert not await repository.is_known(b"you", now=NOW)
