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
    """Knows some users, makes more, records which ids it is asked for, can hang, and can be away."""

    def __init__(self, *known: UUID) -> None:
        self.calls: list[list[UUID]] = []
        self.tokens: list[str | None] = []
        self.hangs = False
        self._known = set(known)
        self._port = next(free_ports())  # which nobody else is given while it is away
        self._runner: web.ServerRunner | None = None

    @property
    def url(self) -> str:
        """Where it is, also while it is away."""
        return f"http://127.0.0.1:{self._port}"

    def user(self) -> UUID:
        """A new user, whom nobody has asked for yet."""
        user_id = new_id()
        self._known.add(user_id)
        return user_id

    async def start(self) -> None:
        """Listen, always on the same port."""
        self._runner = web.ServerRunner(web.Server(self._answer), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()

    async def stop(self) -> None:
        """Refuse connections, and close those there are."""
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
    """A stub that listens, unless it is told to stop before."""
    users = UsersStub(*known)
    await users.start()
    try:
        yield users
    finally:
        await users.stop()


def asking(users: UsersStub, settings: Settings) -> Settings:
    """Settings that point to the stub, of which a busy machine may need more patience than usual."""
    patience = {"http_client_connect_timeout": 20.0, "http_client_total_timeout": 20.0, "http_client_wait": 20.0}
    return settings.model_copy(update={"users_service_url": HttpUrl(users.url), **patience})
