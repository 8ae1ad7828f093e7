"""BlackSheep with orjson, pydantic for request bodies, and an asyncpg pool. No layers, no logging, no limits.

Run by uvicorn; the database is that of the POSTGRES_* variables.
"""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import orjson
from blacksheep import Application, FromJSON, Response, created, get, json, not_found, post, status_code
from blacksheep.settings.json import json_settings
from pydantic import BaseModel, StringConstraints
from storage import (
    GET_USER,
    INSERT_FRIENDSHIP,
    INSERT_USER,
    NEWEST,
    create_pool,
    cut,
    page_of_friendships,
    page_of_users,
)
from uuid_utils.compat import uuid7

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
MOST = 100


class NewUser(BaseModel):
    """A user to register."""

    username: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{4,20}$")]
    first_name: Name
    second_name: Name
    birthday: date


class NewFriendship(BaseModel):
    """A friendship to create."""

    initiator_id: UUID
    target_id: UUID
    tag: Tag | None = None


def dumps(value: Any) -> str:  # noqa: ANN401  # JSON
    """Return JSON as text, as BlackSheep expects it."""
    return orjson.dumps(value, default=str, option=orjson.OPT_UTC_Z).decode()


json_settings.use(loads=orjson.loads, dumps=dumps)
app = Application()


@app.lifespan
async def hold_pool() -> AsyncIterator[None]:
    """Hold as many connections as a service does."""
    async with create_pool() as pool:
        app.services.register(asyncpg.Pool, instance=pool)
        yield


@get("/api/v1/users")
async def list_users(pool: asyncpg.Pool, limit: int = 20, cursor: UUID = NEWEST) -> Response:
    """List users."""
    limit = min(max(limit, 1), MOST)
    rows, next_cursor = cut(await pool.fetch(page_of_users(limit), cursor), limit)
    return json({"items": [dict(row) for row in rows], "next_cursor": next_cursor})


@get("/api/v1/users/{user_id}")
async def get_user(user_id: UUID, pool: asyncpg.Pool) -> Response:
    """Get one user."""
    row = await pool.fetchrow(GET_USER, user_id)
    return json(dict(row)) if row else not_found()


@post("/api/v1/users")
async def register_user(data: FromJSON[NewUser], pool: asyncpg.Pool) -> Response:
    """Register a user."""
    user = {"id": uuid7(), **dict(data.value), "created_at": datetime.now(UTC)}
    try:
        await pool.execute(INSERT_USER, *user.values())
    except asyncpg.UniqueViolationError:
        return status_code(409)
    return created(user, f"/api/v1/users/{user['id']}")


@get("/api/v1/users/{user_id}/friendships")
async def list_friendships(user_id: UUID, pool: asyncpg.Pool, limit: int = 20, cursor: UUID = NEWEST) -> Response:
    """List the friendships of a user."""
    limit = min(max(limit, 1), MOST)
    rows, next_cursor = cut(await pool.fetch(page_of_friendships(limit), user_id, cursor), limit)
    return json({"items": [dict(row) for row in rows], "next_cursor": next_cursor})


@post("/api/v1/friendships")
async def befriend(data: FromJSON[NewFriendship], pool: asyncpg.Pool) -> Response:
    """Create a friendship, without a check of the users."""
    friendship = {"id": uuid7(), **dict(data.value), "created_at": datetime.now(UTC)}
    try:
        await pool.execute(INSERT_FRIENDSHIP, *friendship.values())
    except asyncpg.UniqueViolationError:
        return status_code(409)
    return created(friendship, f"/api/v1/friendships/{friendship['id']}")
