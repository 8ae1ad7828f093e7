"""A page of friendships is read from the two indexes made for it, also where statistics suggest another way."""

import asyncpg

from friends_service.infrastructure.database.friendships import _PAGE

# Somebody has many friends, all since long ago: of 20,000 friendships the oldest 12,000 are theirs.
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
RECENTLY = f"{19000:032}"


async def test_reads_the_page_of_somebody_with_many_old_friends_from_the_indexes(
    connection: asyncpg.Connection,
) -> None:
    await connection.execute(FILL, POPULAR)
    await connection.execute("ANALYZE friendships")
    arguments = _PAGE.arguments({"user_id": POPULAR, "after": RECENTLY, "limit": 21})
    plan = "\n".join(line for (line,) in await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS) {_PAGE.sql}", *arguments))
    assert "Index Scan Backward using ix_friendships_initiator_id_id" in plan
    assert "Index Scan Backward using ix_friendships_target_id_id" in plan
    assert "Rows Removed by Filter" not in plan
