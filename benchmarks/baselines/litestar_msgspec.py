"""Litestar with msgspec's structs, on an asyncpg pool. No layers, no logging, no limits, no problem details.

Run by uvicorn; the database is that of the POSTGRES_* variables.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

import asyncpg
from litestar import Litestar, Response, get, post
from litestar.datastructures import State
from litestar.exceptions import HTTPException, NotFoundException
from litestar.params import Parameter
from msgspec import Meta, Struct
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

Limit = Annotated[int, Parameter(ge=1, le=100)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Tag = Annotated[str, Meta(min_length=1, max_length=50)]


class NewUser(Struct):
    """A user to register."""

    username: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{4,20}$")]
    first_name: Name
    second_name: Name
    birthday: date


class User(Struct):
    """A user."""

    id: UUID
    username: str
    first_name: str
    second_name: str
    birthday: date
    created_at: datetime


class UserPage(Struct):
    """Users, newest first."""

    items: list[User]
    next_cursor: UUID | None


class NewFriendship(Struct):
    """A friendship to create."""

    initiator_id: UUID
    target_id: UUID
    tag: Tag | None = None


class Friendship(Struct):
    """A friendship."""

    id: UUID
    initiator_id: UUID
    target_id: UUID
    tag: str | None
    created_at: datetime


class FriendshipPage(Struct):
    """Friendships of a user, newest first."""

    items: list[Friendship]
    next_cursor: UUID | None


@get("/api/v1/users")
async def list_users(state: State, limit: Limit = 20, cursor: UUID = NEWEST) -> UserPage:
    """List users."""
    rows, next_cursor = cut(await state.pool.fetch(page_of_users(limit), cursor), limit)
    return UserPage(items=[User(*row) for row in rows], next_cursor=next_cursor)


@get("/api/v1/users/{user_id:uuid}")
async def get_user(user_id: UUID, state: State) -> User:
    """Get one user."""
    row = await state.pool.fetchrow(GET_USER, user_id)
    if row is None:
        raise NotFoundException
    return User(*row)


@post("/api/v1/users")
async def register_user(data: NewUser, state: State) -> Response[User]:
    """Register a user."""
    row = (uuid7(), data.username, data.first_name, data.second_name, data.birthday, datetime.now(UTC))
    try:
        await state.pool.execute(INSERT_USER, *row)
    except asyncpg.UniqueViolationError:
        raise HTTPException(status_code=409) from None
    return Response(User(*row), headers={"Location": f"/api/v1/users/{row[0]}"})


@get("/api/v1/users/{user_id:uuid}/friendships")
async def list_friendships(user_id: UUID, state: State, limit: Limit = 20, cursor: UUID = NEWEST) -> FriendshipPage:
    """List the friendships of a user."""
    rows, next_cursor = cut(await state.pool.fetch(page_of_friendships(limit), user_id, cursor), limit)
    return FriendshipPage(items=[Friendship(*row) for row in rows], next_cursor=next_cursor)


@post("/api/v1/friendships")
async def befriend(data: NewFriendship, state: State) -> Response[Friendship]:
    """Create a friendship, without a check of the users."""
    row = (uuid7(), data.initiator_id, data.target_id, data.tag, datetime.now(UTC))
    try:
        await state.pool.execute(INSERT_FRIENDSHIP, *row)
    except asyncpg.UniqueViolationError:
        raise HTTPException(status_code=409) from None
    return Response(Friendship(*row), headers={"Location": f"/api/v1/friendships/{row[0]}"})


@asynccontextmanager
async def pool(app: Litestar) -> AsyncIterator[None]:
    """Hold as many connections as a service does."""
    async with create_pool() as app.state.pool:
        yield


app = Litestar([list_users, get_user, register_user, list_friendships, befriend], lifespan=[pool])
