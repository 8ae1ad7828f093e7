"""`POST /api/v1/friendships` as it is often written: correct for one client at a time, and without thought for cost.

For each request a new HTTP session and a new ORM session; the users are asked for one after the other; a query looks
for the friendship before it is inserted; the row is read again after the commit.
Run by uvicorn; the database is that of the POSTGRES_* variables, the users service that of USERS_SERVICE_URL.
"""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import aiohttp
from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict
from sqlalchemy import URL, DateTime, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

USERS_SERVICE_URL = os.environ["USERS_SERVICE_URL"]

engine = create_async_engine(
    URL.create(
        "postgresql+asyncpg",
        username=os.environ["POSTGRES_USER"],
        database=os.environ["POSTGRES_DB"],
        query={"host": os.environ["POSTGRES_HOST"], "port": os.environ["POSTGRES_PORT"]},
    ),
    pool_size=10,
    max_overflow=0,
)
new_session = async_sessionmaker(engine)
app = FastAPI()


class Base(DeclarativeBase):
    """The base of all models."""


class Friendship(Base):
    """The table of friendships."""

    __tablename__ = "friendships"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    initiator_id: Mapped[UUID]
    target_id: Mapped[UUID]
    tag: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=lambda: datetime.now(UTC))


class NewFriendship(BaseModel):
    """A friendship to begin."""

    initiator_id: UUID
    target_id: UUID
    tag: str | None = None


class FriendshipView(NewFriendship):
    """A friendship."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    created_at: datetime


async def get_session() -> AsyncIterator[AsyncSession]:
    """Open a session for one request."""
    async with new_session() as session:
        yield session


async def check_user(user_id: UUID) -> None:
    """Ask the users service for one user."""
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{USERS_SERVICE_URL}/api/v1/users/{user_id}") as response,
    ):
        if response.status != 200:  # noqa: PLR2004
            raise HTTPException(404, f"User {user_id} not found")


@app.post("/api/v1/friendships", status_code=201, response_model=FriendshipView)
async def begin_friendship(new: NewFriendship, session: Annotated[AsyncSession, Depends(get_session)]) -> Friendship:
    """Begin a friendship."""
    await check_user(new.initiator_id)
    await check_user(new.target_id)
    there = and_(Friendship.initiator_id == new.initiator_id, Friendship.target_id == new.target_id)
    back = and_(Friendship.initiator_id == new.target_id, Friendship.target_id == new.initiator_id)
    if (await session.execute(select(Friendship).where(or_(there, back)))).scalar_one_or_none():
        raise HTTPException(409, "Friendship already exists")
    friendship = Friendship(**new.model_dump())
    session.add(friendship)
    await session.commit()
    await session.refresh(friendship)
    return friendship
