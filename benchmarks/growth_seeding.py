"""The data of `growth.py`: users and friendships by number, so that a database can grow from one size to the next."""

import hashlib
from collections.abc import Mapping
from uuid import UUID

import asyncpg

HUB_OF_THE_FIRST_DAYS = 0
"""Befriended by the first 10,000 users: old rows of a table that grew beyond them."""
GROWING_HUB = 1
"""Befriended by every fifth user who came later."""
GROWING_SINCE = 10_000
EPOCH = 1_700_000_000_000  # milliseconds; a thing's number is its age

# The same UUIDv7 for the same number, here and in Python: both databases and the requests speak of the same users.
CREATE_ID_OF = f"""
    CREATE OR REPLACE FUNCTION pg_temp.id_of(number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN (
        lpad(to_hex({EPOCH} + number), 12, '0')
        || '7' || substr(md5(number::text), 1, 3) || '8' || substr(md5(number::text), 4, 15)
    )::uuid
"""
GROW_USERS = """
    INSERT INTO users
    SELECT pg_temp.id_of(number), left(md5(number::text), 20), 'Alice', 'Liddell', '1990-05-04', now()
    FROM generate_series($1::bigint, $2::bigint - 1) number
"""
# Each befriends one who was there before, so no pair comes twice; who began it takes turns.
GROW_FRIENDSHIPS = f"""
    INSERT INTO friendships
    SELECT pg_temp.id_of(number),
        pg_temp.id_of(CASE number % 2 WHEN 0 THEN number ELSE friend END),
        pg_temp.id_of(CASE number % 2 WHEN 0 THEN friend ELSE number END), NULL, now()
    FROM generate_series(greatest(2, $1::bigint), $2::bigint - 1) number,
        LATERAL (SELECT CASE
            WHEN number <= {GROWING_SINCE} THEN {HUB_OF_THE_FIRST_DAYS}
            WHEN number % 5 = 0 THEN {GROWING_HUB}
            ELSE (hashint8(number)::bigint & 2147483647) % number
        END AS friend)
"""  # noqa: S608  # numbers of our own
SIZES = """
    SELECT relname AS name, pg_relation_size(oid) AS bytes FROM pg_class
    WHERE relname = $1 OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = $1::regclass)
    ORDER BY relkind DESC, relname
"""


def id_of(number: int) -> UUID:
    """Return the id of a user by number."""
    digest = hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()
    return UUID(f"{EPOCH + number:012x}7{digest[:3]}8{digest[3:18]}")


async def grow(postgres: Mapping[str, str], *, before: int, size: int) -> dict[str, int]:
    """Let both tables grow to `size` rows with their indexes in place; return the bytes of each table and index."""
    sizes: dict[str, int] = {}
    for database, table, statement in (
        ("users", "users", GROW_USERS),
        ("friends", "friendships", GROW_FRIENDSHIPS),
    ):
        connection = await asyncpg.connect(
            host=postgres["POSTGRES_HOST"],
            port=int(postgres["POSTGRES_PORT"]),
            user=postgres["POSTGRES_USER"],
            database=database,
            server_settings={"auto_explain.log_min_duration": "-1"},
        )
        try:
            await connection.execute(CREATE_ID_OF)
            await connection.execute(statement, before, size)
            await connection.execute("VACUUM ANALYZE")
            await connection.execute("CHECKPOINT")
            sizes |= {row["name"]: row["bytes"] for row in await connection.fetch(SIZES, table)}
        finally:
            await connection.close()
    return sizes
