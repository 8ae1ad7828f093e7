"""What one writes by hand for speed: FastAPI on an asyncpg pool. No layers, no logging, no limits, no problem details.

Run by uvicorn; the database is that of the POSTGRES_* variables.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import FastAPI, HTTPException, Request, Response
from pydantic import BaseModel, StringConstraints
from uuid_utils.compat import uuid7

COLUMNS = "id, username, first_name, second_name, birthday, created_at"
GET = f"SELECT {COLUMNS} FROM users WHERE id = $1"  # noqa: S608  # a constant
INSERT = f"INSERT INTO users ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)"  # noqa: S608  # a constant

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class NewUser(BaseModel):
    """A user to register."""

    username: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{4,20}$")]
    first_name: Name
    second_name: Name
    birthday: date


class User(NewUser):
    """A user."""

    id: UUID
    created_at: datetime


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold as many connections as a service does."""
    async with asyncpg.create_pool(
        host=os.environ["POSTGRES_HOST"],
        port=int(os.environ["POSTGRES_PORT"]),
        user=os.environ["POSTGRES_USER"],
        database=os.environ["POSTGRES_DB"],
        min_size=10,
        max_size=10,
    ) as app.state.pool:
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/api/v1/users/{user_id}")
async def get_user(user_id: UUID, request: Request) -> User:
    """Get one user."""
    row = await request.app.state.pool.fetchrow(GET, user_id)
    if row is None:
        raise HTTPException(404)
    return User(**row)


@app.post("/api/v1/users", status_code=201)
async def register_user(new: NewUser, request: Request, response: Response) -> User:
    """Register a user."""
    user = User(id=uuid7(), created_at=datetime.now(UTC), **new.model_dump())
    row = (user.id, user.username, user.first_name, user.second_name, user.birthday, user.created_at)
    try:
        await request.app.state.pool.execute(INSERT, *row)
    except asyncpg.UniqueViolationError:
        raise HTTPException(409) from None
    response.headers["Location"] = f"/api/v1/users/{user.id}"
    return user
