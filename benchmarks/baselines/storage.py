"""The statements and the connection pool of the contenders on asyncpg."""

import os
from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg

GET_USER = "SELECT id, username, first_name, second_name, birthday, created_at FROM users WHERE id = $1"
INSERT_USER = """
    INSERT INTO users (id, username, first_name, second_name, birthday, created_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
INSERT_FRIENDSHIP = """
    INSERT INTO friendships (id, initiator_id, target_id, tag, created_at) VALUES ($1, $2, $3, $4, $5)
"""
NEWEST = UUID(int=2**128 - 1)  # a page after this id is the first one


@cache
def page_of_users(limit: int) -> str:
    """Return the statement for the users before the id $1, and one more than the page has.

    The limit is a literal: with a parameter, PostgreSQL plans every call again.
    """
    return f"""
        SELECT id, username, first_name, second_name, birthday, created_at FROM users
        WHERE id < $1 ORDER BY id DESC LIMIT {limit + 1:d}
    """  # noqa: S608  # a number


@cache
def page_of_friendships(limit: int) -> str:
    """Return the statement for the friendships of user $1 before the id $2, and one more than the page has."""
    halves = [
        f"""(
            SELECT id, initiator_id, target_id, tag, created_at FROM friendships
            WHERE {side} >= $1 AND ({side}, id) < ($1, $2) ORDER BY {side} DESC, id DESC LIMIT {limit + 1:d}
        )"""  # noqa: S608  # a number and names of columns
        for side in ("initiator_id", "target_id")
    ]
    return f"{' UNION ALL '.join(halves)} ORDER BY id DESC LIMIT {limit + 1:d}"


def cut(rows: Sequence[Any], limit: int) -> tuple[Sequence[Any], UUID | None]:
    """Return the rows of the page, and the id after which the next page begins (None on the last page)."""
    return rows[:limit], rows[limit - 1]["id"] if len(rows) > limit else None


def create_pool() -> "asyncpg.Pool[asyncpg.Record]":  # generic in its stubs only
    """Return a pool of ten connections, as many as a service has, to the database of the POSTGRES_* variables."""
    return asyncpg.create_pool(
        host=os.environ["POSTGRES_HOST"],
        port=int(os.environ["POSTGRES_PORT"]),
        user=os.environ["POSTGRES_USER"],
        database=os.environ["POSTGRES_DB"],
        min_size=10,
        max_size=10,
        reset=_keep_session,
    )


async def _keep_session(_connection: object) -> None:
    """Replace the pool's own reset, which costs a round trip: no statement here changes the session."""
