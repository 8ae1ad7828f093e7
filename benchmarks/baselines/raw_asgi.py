"""The limit in Python: `GET /api/v1/users/{id}` on bare ASGI, asyncpg and orjson, without any framework.

Run by uvicorn; the database is that of the POSTGRES_* variables.
"""

import os
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import orjson

GET = "SELECT id, username, first_name, second_name, birthday, created_at FROM users WHERE id = $1"
PREFIX = len("/api/v1/users/")

Message = dict[str, Any]

pool: "asyncpg.Pool[asyncpg.Record]"  # generic in its stubs only


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answer every path as if it were that of a user."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    row = await pool.fetchrow(GET, UUID(scope["path"][PREFIX:]))
    body = b"{}" if row is None else orjson.dumps(dict(row), default=str)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 404 if row is None else 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]) -> None:
    global pool  # noqa: PLW0603  # bare ASGI has no other place for it
    await receive()
    pool = await asyncpg.create_pool(
        host=os.environ["POSTGRES_HOST"],
        port=int(os.environ["POSTGRES_PORT"]),
        user=os.environ["POSTGRES_USER"],
        database=os.environ["POSTGRES_DB"],
        min_size=10,
        max_size=10,
    )
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await pool.close()
    await send({"type": "lifespan.shutdown.complete"})
