"""`POST /api/v1/friendships` of fastapi_asyncpg with a check of both users: one HTTP session, two requests at a time.

Run by uvicorn; the database is that of the POSTGRES_* variables, the users service that of USERS_SERVICE_URL.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from uuid import UUID

import aiohttp
import fastapi_asyncpg
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi_asyncpg import Friendship, NewFriendship
from storage import create_pool


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold the connections to the database and to the users service."""
    async with create_pool() as app.state.pool, aiohttp.ClientSession(os.environ["USERS_SERVICE_URL"]) as session:
        app.state.session = session
        yield


app = FastAPI(lifespan=lifespan)


async def require_user(session: aiohttp.ClientSession, user_id: UUID) -> None:
    """Raise a 404 if the users service does not know the user."""
    async with session.get(f"/api/v1/users/{user_id}/exists") as response:
        if response.status != HTTPStatus.NO_CONTENT:
            raise HTTPException(404)


@app.post("/api/v1/friendships", status_code=201)
async def befriend(new: NewFriendship, request: Request, response: Response) -> Friendship:
    """Create a friendship between two users, both checked."""
    await asyncio.gather(*(require_user(request.app.state.session, user) for user in (new.initiator_id, new.target_id)))
    return await fastapi_asyncpg.befriend(new, request, response)
