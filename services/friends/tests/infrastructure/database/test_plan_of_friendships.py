"""A page of friendships is read from the two indexes for it, even if statistics suggest another plan."""

import asyncpg
import pytest

from friends_service.infrastructure.database.friendships import _PAGE, _USUAL_PAGE

# One user has many old friends: of 20,000 friendships, the oldest 12,000 are theirs.
POPULAR = "00000000-0000-7000-8000-000000000000"
FILL = """
    INSERT INTO friendships
    SELECT lpad(n::text, 32, '0')::uuid,
           CASE WHEN n % 2 = 0 AND n <= 12000 THEN popular ELSE md5('one' || n)::uuid END,
           CASE WHEN n % 2 = 1 AND n <= 12000 THEN popular ELSE md5('other' || n)::uuid END,
           NULL,
           now()
    FROM generate_series(1, 20000) n, CAST($1 AS uuid) popular
"""
PLACE = {"user_id": POPULAR, "after": f"{19000:032}"}


@pytest.fixture
async def filled(connection: asyncpg.Connection) -> asyncpg.Connection:
    await connection.execute("TRUNCATE friendships")
    await connection.execute(FILL, POPULAR)
    await connection.execute("ANALYZE friendships")
    return connection


def reads_from_the_indexes(plan: list[asyncpg.Record]) -> bool:
    text = "\n".join(line for (line,) in plan)
    halves = [f"Index Scan Backward using ix_friendships_{side}_id_id" in text for side in ("initiator", "target")]
    return all(halves) and "Rows Removed by Filter" not in text


async def test_reads_the_page_of_a_user_with_many_old_friends_from_the_indexes(filled: asyncpg.Connection) -> None:
    arguments = _PAGE.arguments({**PLACE, "limit": 21})
    assert reads_from_the_indexes(await filled.fetch(f"EXPLAIN (ANALYZE) {_PAGE.sql}", *arguments))


async def test_cached_plan_of_a_default_page_uses_the_indexes(filled: asyncpg.Connection) -> None:
    await filled.execute("SET plan_cache_mode = force_generic_plan")
    await filled.execute(f"PREPARE page AS {_USUAL_PAGE.sql}")
    arguments = ", ".join(f"'{argument}'" for argument in _USUAL_PAGE.arguments(PLACE))
    assert reads_from_the_indexes(await filled.fetch(f"EXPLAIN (ANALYZE) EXECUTE page({arguments})"))
