"""The limit in Python: bare ASGI, asyncpg and orjson, without any framework and without validation.

Run by uvicorn; the database is that of the POSTGRES_* variables.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import asyncpg
import orjson
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

USERS = "/api/v1/users"
FRIENDSHIPS = "/friendships"

Message = dict[str, Any]
Answer = tuple[int, object]

pool: "asyncpg.Pool[asyncpg.Record]"  # generic in its stubs only


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Respond to a request, or open and close the pool."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    if scope["method"] == "POST":
        status, document = await _insert(scope["path"], orjson.loads((await receive())["body"]))
    else:
        status, document = await _read(scope["path"], scope["query_string"].decode())
    body = orjson.dumps(document, default=str, option=orjson.OPT_UTC_Z)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _read(path: str, query: str) -> Answer:
    if path.endswith(FRIENDSHIPS):
        return await _page(query, page_of_friendships, UUID(path[len(USERS) + 1 : -len(FRIENDSHIPS)]))
    if path == USERS:
        return await _page(query, page_of_users)
    row = await pool.fetchrow(GET_USER, UUID(path[len(USERS) + 1 :]))
    return (200, dict(row)) if row else (404, None)


async def _page(query: str, statement: Callable[[int], str], *of: UUID) -> Answer:
    asked = dict(parse_qsl(query))
    limit, cursor = int(asked.get("limit", 20)), UUID(asked["cursor"]) if "cursor" in asked else NEWEST
    rows, next_cursor = cut(await pool.fetch(statement(limit), *of, cursor), limit)
    return 200, {"items": [dict(row) for row in rows], "next_cursor": next_cursor}


async def _insert(path: str, new: dict[str, Any]) -> Answer:
    if path == USERS:
        statement, fields = INSERT_USER, ("username", "first_name", "second_name", "birthday")
        new["birthday"] = date.fromisoformat(new["birthday"])
    else:
        statement, fields = INSERT_FRIENDSHIP, ("initiator_id", "target_id", "tag")
    row = {"id": uuid7(), **{field: new.get(field) for field in fields}, "created_at": datetime.now(UTC)}
    try:
        await pool.execute(statement, *row.values())
    except asyncpg.UniqueViolationError:
        return 409, None
    return 201, row


async def _lifespan(receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]) -> None:
    global pool  # bare ASGI has no other place for it
    await receive()
    async with create_pool() as pool:
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})
