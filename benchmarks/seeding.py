"""The data: 100,000 users; 1,000,000 friendships, of which ten hub users have 20,000 each."""

import random
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg

USERS = 100_000
HUBS = 10
FRIENDS_OF_A_HUB = 20_000
FRIENDS_OF_ANYBODY = 8
FEW_STEP = 50  # every 50th user is one of the few: two million pairs among 2,000 users, more than a full run needs
SEED = 7
SECONDARY_INDEXES = """
    SELECT indexname AS name, indexdef AS definition FROM pg_indexes
    WHERE tablename = $1 AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""

# User number n and number n + distance are friends; the ranges of distances keep the kinds of pairs apart.
_HUB_DISTANCES = range(1_000, 1_000 + FRIENDS_OF_A_HUB)
_DISTANCES = range(1, 1 + FRIENDS_OF_ANYBODY)
_FIRST_FREE_DISTANCE = 30_000
_STRIDE = 7_919  # a prime: the numbers of users that follow each other are far apart


def user_ids() -> list[UUID]:
    """Return the ids of all users; each call returns the same within a run and between runs."""
    generator = random.Random(SEED)  # noqa: S311  # no secret
    return [_uuid7(1_700_000_000_000 + number, generator) for number in range(USERS)]


def few_users(users: list[UUID]) -> list[UUID]:
    """Return so few users that a service can remember all of them; none is a hub."""
    return users[HUBS::FEW_STEP]


def new_pairs(users: list[UUID]) -> Iterator[tuple[UUID, UUID]]:
    """Yield pairs of users that are no friends yet, all different, none of them among the few."""
    for distance in range(_FIRST_FREE_DISTANCE, USERS // 2):
        if distance % FEW_STEP:
            for number in range(USERS):
                first = number * _STRIDE % USERS
                yield users[first], users[(first + distance) % USERS]


def new_pairs_of_few(users: list[UUID]) -> Iterator[tuple[UUID, UUID]]:
    """Yield pairs of the few that are no friends yet, all different."""
    few = few_users(users)
    for distance in range(1, len(few)):
        yield from zip(few, few[distance:], strict=False)


async def seed(postgres: Mapping[str, str]) -> None:
    """Fill the databases of both services by COPY, then bring their statistics and visibility maps up to date."""
    users = user_ids()
    await _copy(postgres, "users", "users", [_user_row(number, user_id) for number, user_id in enumerate(users)])
    await _copy(postgres, "friends", "friendships", _friendship_rows(users))


async def _copy(postgres: Mapping[str, str], database: str, table: str, rows: list[tuple[object, ...]]) -> None:
    connection = await asyncpg.connect(
        host=postgres["POSTGRES_HOST"],
        port=int(postgres["POSTGRES_PORT"]),
        user=postgres["POSTGRES_USER"],
        database=database,
    )
    try:
        indexes = await connection.fetch(SECONDARY_INDEXES, table)
        for index in indexes:
            await connection.execute(f'DROP INDEX "{index["name"]}"')
        await connection.copy_records_to_table(table, records=rows)
        for index in indexes:
            await connection.execute(index["definition"])  # from sorted rows, much faster than row by row
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


def _user_row(number: int, user_id: UUID) -> tuple[object, ...]:
    return user_id, f"user{number:06}", "Alice", "Liddell", date(1990, 5, 4), datetime.now(UTC)


def _friendship_rows(users: list[UUID]) -> list[tuple[object, ...]]:
    """Return them in the order of their ids, as they would have come in: who befriends whom is mixed."""
    generator = random.Random(SEED)  # noqa: S311  # no secret
    pairs = [(number, distance) for number in range(HUBS) for distance in _HUB_DISTANCES]
    pairs += [(number, distance) for number in range(USERS) for distance in _DISTANCES]
    generator.shuffle(pairs)
    first_id = time.time_ns() // 1_000_000 - len(pairs)
    created_at = datetime.now(UTC)
    rows: list[tuple[object, ...]] = []
    for position, (number, distance) in enumerate(pairs):
        sides = (users[number], users[(number + distance) % USERS])
        initiator, target = sides if position % 2 else sides[::-1]
        rows.append((_uuid7(first_id + position, generator), initiator, target, None, created_at))
    return rows


def _uuid7(milliseconds: int, generator: random.Random) -> UUID:
    """Make a UUIDv7 (RFC 9562, section 5.7) of a given time."""
    noise = generator.getrandbits(74)
    return UUID(int=milliseconds << 80 | 7 << 76 | noise >> 62 << 64 | 2 << 62 | noise & (2**62 - 1))
