"""FastAPI with SQLAlchemy's ORM as tutorials show it: a session per request, entities, add-commit-refresh.

Run by uvicorn; the database is that of the POSTGRES_* variables.
"""

import os
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Query, Response
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import URL, DateTime, Select, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]

engine = create_async_engine(
    URL.create(
        "postgresql+asyncpg",
        username=os.environ["POSTGRES_USER"],
        database=os.environ["POSTGRES_DB"],
        query={"host": os.environ["POSTGRES_HOST"], "port": os.environ["POSTGRES_PORT"]},
    )
)
new_session = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


class Base(DeclarativeBase):
    """The base of all models."""


class User(Base):
    """The table of users."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    username: Mapped[str]
    first_name: Mapped[str]
    second_name: Mapped[str]
    birthday: Mapped[date]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=lambda: datetime.now(UTC))


class Friendship(Base):
    """The table of friendships."""

    __tablename__ = "friendships"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    initiator_id: Mapped[UUID]
    target_id: Mapped[UUID]
    tag: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=lambda: datetime.now(UTC))


class NewUser(BaseModel):
    """A user to register."""

    username: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{4,20}$")]
    first_name: Name
    second_name: Name
    birthday: date


class UserView(BaseModel):
    """A user."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    username: str
    first_name: str
    second_name: str
    birthday: date
    created_at: datetime


class UserPage(BaseModel):
    """Users, newest first."""

    model_config = ConfigDict(from_attributes=True)

    items: list[UserView]
    next_cursor: UUID | None


class NewFriendship(BaseModel):
    """A friendship to create."""

    initiator_id: UUID
    target_id: UUID
    tag: Tag | None = None


class FriendshipView(BaseModel):
    """A friendship."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    initiator_id: UUID
    target_id: UUID
    tag: str | None
    created_at: datetime


class FriendshipPage(BaseModel):
    """Friendships of a user, newest first."""

    model_config = ConfigDict(from_attributes=True)

    items: list[FriendshipView]
    next_cursor: UUID | None


async def get_session() -> AsyncIterator[AsyncSession]:
    """Open a session for one request."""
    async with new_session() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]
Limit = Annotated[int, Query(ge=1, le=100)]


@app.get("/api/v1/users", response_model=UserPage)
async def list_users(session: Session, limit: Limit = 20, cursor: UUID | None = None) -> dict[str, Any]:
    """List users."""
    statement = select(User).order_by(User.id.desc()).limit(limit + 1)
    if cursor:
        statement = statement.where(User.id < cursor)
    return await page(session, statement, limit)


@app.get("/api/v1/users/{user_id}", response_model=UserView)
async def get_user(user_id: UUID, session: Session) -> User:
    """Get one user."""
    user = await session.get(User, user_id)
    if user is None:
        raise HTTPException(404, "User not found")
    return user


@app.post("/api/v1/users", status_code=201, response_model=UserView)
async def register_user(new: NewUser, session: Session, response: Response) -> User:
    """Register a user."""
    user = User(**new.model_dump())
    await save(session, user)
    response.headers["Location"] = f"/api/v1/users/{user.id}"
    return user


@app.get("/api/v1/users/{user_id}/friendships", response_model=FriendshipPage)
async def list_friendships(
    user_id: UUID, session: Session, limit: Limit = 20, cursor: UUID | None = None
) -> dict[str, Any]:
    """List the friendships of a user."""
    mine = or_(Friendship.initiator_id == user_id, Friendship.target_id == user_id)
    statement = select(Friendship).where(mine).order_by(Friendship.id.desc()).limit(limit + 1)
    if cursor:
        statement = statement.where(Friendship.id < cursor)
    return await page(session, statement, limit)


@app.post("/api/v1/friendships", status_code=201, response_model=FriendshipView)
async def befriend(new: NewFriendship, session: Session, response: Response) -> Friendship:
    """Create a friendship, without a check of the users."""
    friendship = Friendship(**new.model_dump())
    await save(session, friendship)
    response.headers["Location"] = f"/api/v1/friendships/{friendship.id}"
    return friendship


async def page(session: AsyncSession, statement: Select[Any], limit: int) -> dict[str, Any]:
    """Return the page that the statement finds, with the id of its last item if there is another page."""
    found: Sequence[Any] = (await session.scalars(statement)).all()
    return {"items": found[:limit], "next_cursor": found[limit - 1].id if len(found) > limit else None}


async def save(session: AsyncSession, entity: Base) -> None:
    """Insert an entity and refresh it; raise a 409 if it breaks a unique index."""
    session.add(entity)
    try:
        await session.commit()
    except IntegrityError:
        raise HTTPException(409, "Already exists") from None
    await session.refresh(entity)
