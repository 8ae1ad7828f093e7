"""A stand-in for the users service, in the process of the tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from aiohttp import web
from pydantic import HttpUrl

from chassis.ids import new_id
from processes.ports import free_ports

from friends_service.settings import Settings

MOST_IDS = 100


class UsersStub:
    """A users service that knows some users, creates more, records requested ids, and can hang or be down."""

    def __init__(self, *known: UUID) -> None:
        self.calls: list[list[UUID]] = []
        self.tokens: list[str | None] = []
        self.hangs = False
        self._known = set(known)
        self._port = next(free_ports())  # reserved, so that no other process gets it while the stub is down
        self._runner: web.ServerRunner | None = None

    @property
    def url(self) -> str:
        """The base URL, which stays the same while the stub is down."""
        return f"http://127.0.0.1:{self._port}"

    def user(self) -> UUID:
        """Return a new user, who was not looked up before."""
        user_id = new_id()
        self._known.add(user_id)
        return user_id

    async def start(self) -> None:
        """Listen, always on the same port."""
        self._runner = web.ServerRunner(web.Server(self._answer), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()

    async def stop(self) -> None:
        """Close all connections and refuse new ones."""
        if self._runner:
            await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        assert (request.method, request.path) == ("GET", "/api/v1/users/exists")
        asked = [UUID(text) for text in request.query.getall("id", [])]
        self.calls.append(asked)
        self.tokens.append(request.headers.get("Authorization"))
        if self.hangs:
            await asyncio.sleep(3600)
        if not 1 <= len(asked) <= MOST_IDS:
            return web.json_response({}, status=422)
        return web.json_response(
            {
                "existing": [str(user_id) for user_id in asked if user_id in self._known],
                "missing": [str(user_id) for user_id in asked if user_id not in self._known],
            }
        )


@asynccontextmanager
async def running_stub(*known: UUID) -> AsyncIterator[UsersStub]:
    """Yield a stub that listens, unless it is stopped earlier."""
    users = UsersStub(*known)
    await users.start()
    try:
        yield users
    finally:
        await users.stop()


def asking(users: UsersStub, settings: Settings) -> Settings:
    """Return settings that point to the stub, with timeouts for a busy machine."""
    patience = {"http_client_connect_timeout": 20.0, "http_client_total_timeout": 20.0, "http_client_wait": 20.0}
    return settings.model_copy(update={"users_service_url": HttpUrl(users.url), **patience})
