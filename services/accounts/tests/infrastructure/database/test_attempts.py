"""The repository of attempts on a real PostgreSQL: it fulfils its contract and does not grow."""

from datetime import timedelta

import asyncpg
import pytest

from chassis.database import Database

from accounts_service.core.entities.attempts import Bucket
from accounts_service.infrastructure.database.attempts import KNOWN_FOR, SqlAttempts

from ...core.repositories.accounts import NOW
from ...core.repositories.attempts import AttemptRepositoryContract


@pytest.fixture
async def repository(database: Database, connection: asyncpg.Connection) -> SqlAttempts:
    await connection.execute("TRUNCATE login_attempts, known_addresses")
    return SqlAttempts(database)


class TestSqlAttempts(AttemptRepositoryContract):
    pass


async def test_deletes_expired_attempts_and_addresses(repository: SqlAttempts, connection: asyncpg.Connection) -> None:
    for number in range(50):
        await repository.take(Bucket.of(str(number), limit=3), now=NOW)
    await repository.remember(b"me", now=NOW)
    later = NOW + KNOWN_FOR + timedelta(days=1)
    for number in range(100, 140):
        await repository.take(Bucket.of(str(number), limit=3), now=later)
    assert await connection.fetchval("SELECT count(*) FROM login_attempts WHERE changed_at < $1", later) == 0
    assert await connection.fetchval("SELECT count(*) FROM known_addresses") == 0
