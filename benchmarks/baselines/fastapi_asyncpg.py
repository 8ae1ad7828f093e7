"""FastAPI as written by hand for speed, on an asyncpg pool. No layers, no logging, no limits, no problem details.

Run by uvicorn; the database is that of the POSTGRES_* variables.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import FastAPI, HTTPException, Query, Request, Response
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

Limit = Annotated[int, Query(ge=1, le=100)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]


class NewUser(BaseModel):
    """A user to register."""

    username: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{4,20}$")]
    first_name: Name
    second_name: Name
    birthday: date


class User(BaseModel):
    """A user."""

    id: UUID
    username: str
    first_name: str
    second_name: str
    birthday: date
    created_at: datetime


class UserPage(BaseModel):
    """Users, newest first."""

    items: list[User]
    next_cursor: UUID | None


class NewFriendship(BaseModel):
    """A friendship to create."""

    initiator_id: UUID
    target_id: UUID
    tag: Tag | None = None


class Friendship(BaseModel):
    """A friendship."""

    id: UUID
    initiator_id: UUID
    target_id: UUID
    tag: str | None
    created_at: datetime


class FriendshipPage(BaseModel):
    """Friendships of a user, newest first."""

    items: list[Friendship]
    next_cursor: UUID | None


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold as many connections as a service does."""
    async with create_pool() as app.state.pool:
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/api/v1/users")
async def list_users(request: Request, limit: Limit = 20, cursor: UUID = NEWEST) -> UserPage:
    """List users."""
    rows, next_cursor = cut(await request.app.state.pool.fetch(page_of_users(limit), cursor), limit)
    return UserPage(items=[User(**row) for row in rows], next_cursor=next_cursor)


@app.get("/api/v1/users/{user_id}")
async def get_user(user_id: UUID, request: Request) -> User:
    """Get one user."""
    row = await request.app.state.pool.fetchrow(GET_USER, user_id)
    if row is None:
        raise HTTPException(404)
    return User(**row)


@app.post("/api/v1/users", status_code=201)
async def register_user(new: NewUser, request: Request, response: Response) -> User:
    """Register a user."""
    user = User(id=uuid7(), created_at=datetime.now(UTC), **new.model_dump())
    row = (user.id, user.username, user.first_name, user.second_name, user.birthday, user.created_at)
    try:
        await request.app.state.pool.execute(INSERT_USER, *row)
    except asyncpg.UniqueViolationError:
        raise HTTPException(409) from None
    response.headers["Location"] = f"/api/v1/users/{user.id}"
    return user


@app.get("/api/v1/users/{user_id}/friendships")
async def list_friendships(user_id: UUID, request: Request, limit: Limit = 20, cursor: UUID = NEWEST) -> FriendshipPage:
    """List the friendships of a user."""
    rows, next_cursor = cut(await request.app.state.pool.fetch(page_of_friendships(limit), user_id, cursor), limit)
    return FriendshipPage(items=[Friendship(**row) for row in rows], next_cursor=next_cursor)


@app.post("/api/v1/friendships", status_code=201)
async def befriend(new: NewFriendship, request: Request, response: Response) -> Friendship:
    """Create a friendship, without a check of the users."""
    friendship = Friendship(id=uuid7(), created_at=datetime.now(UTC), **new.model_dump())
    row = (friendship.id, friendship.initiator_id, friendship.target_id, friendship.tag, friendship.created_at)
    try:
        await request.app.state.pool.execute(INSERT_FRIENDSHIP, *row)
    except asyncpg.UniqueViolationError:
        raise HTTPException(409) from None
    response.headers["Location"] = f"/api/v1/friendships/{friendship.id}"
    return friendship
