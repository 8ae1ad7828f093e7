"""Call a service, and wait for conditions."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

import aiohttp
from issuer import Issuer

FRIENDSHIPS = "/api/v1/friendships"
USERS = "/api/v1/users"
TOTAL_TIMEOUT = 2.0  # HTTP_CLIENT_TOTAL_TIMEOUT
DATABASE_TIMEOUT = 2.5
MARGIN = 10.0  # for a busy machine with two cores
PATIENCE = 60.0  # for conditions that will surely hold, on the busiest machine


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A response, and how many seconds it took."""

    status: int
    headers: Mapping[str, str]
    body: Any
    seconds: float

    @property
    def problem(self) -> str:
        """The problem type without its common prefix; empty if the response is not a problem."""
        if self.headers.get("Content-Type") != "application/problem+json":
            return ""
        assert self.body["status"] == self.status
        assert self.body["request_id"] == self.headers["X-Request-ID"]
        assert all(self.body[name] for name in ("title", "detail", "instance"))
        return str(self.body["type"]).removeprefix("/problems/")

    def is_refusal(self, status: int = 503) -> bool:
        """Whether the response asks to retry later."""
        return self.status == status and int(self.headers["Retry-After"]) >= 1


class Caller:
    """An HTTP client of one service; `connections=0` means without a limit.

    With an `issuer`, each request has a token that permits it; with a `token`, all requests have this one.
    """

    def __init__(self, url: str, *, connections: int = 0, issuer: Issuer | None = None, token: str = "") -> None:
        self._url = url
        self._token = token
        self._issuer = issuer
        self._connections = connections

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(limit=self._connections)
        timeout = aiohttp.ClientTimeout(total=30)
        self._session = aiohttp.ClientSession(self._url, connector=connector, timeout=timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def call(self, method: str, path: str, **options: Any) -> Answer:
        """Send one request and return its response; `options` as in aiohttp."""
        token = self._issuer.token_for(path, options.get("json")) if self._issuer else self._token
        if token:
            options["headers"] = {"Authorization": f"Bearer {token}", **(options.get("headers") or {})}
        started = time.monotonic()
        async with self._session.request(method, path, **options) as response:
            text = await response.read()
            seconds = time.monotonic() - started
            body = json.loads(text) if text else None
            return Answer(status=response.status, headers=response.headers, body=body, seconds=seconds)

    async def get(self, path: str, **options: Any) -> Answer:
        """Send a GET request."""
        return await self.call("GET", path, **options)

    async def post(self, path: str, body: object, **options: Any) -> Answer:
        """Send a POST request with JSON."""
        return await self.call("POST", path, json=body, **options)

    async def befriend(self, initiator: str, target: str, **more: object) -> Answer:
        """Create a friendship; for a caller of the friends service."""
        return await self.post(FRIENDSHIPS, {"initiator_id": initiator, "target_id": target, **more})

    async def befriend_strangers(self) -> Answer:
        """Create a friendship for which friends must call users."""
        return await self.befriend(str(uuid4()), str(uuid4()))

    async def new_user(self) -> str:
        """Register a user and return the id; for a caller of the users service."""
        answer = await self.post(USERS, somebody())
        assert answer.status == 201, answer
        return str(answer.body["id"])


def somebody(**changes: object) -> dict[str, object]:
    """Return a user who can be registered."""
    names = {"username": f"u{uuid4().hex[:15]}", "first_name": "Ada", "second_name": "Lovelace"}
    return {**names, "birthday": "1990-12-10", **changes}


async def eventually(condition: Callable[[], Awaitable[object]], *, within: float = PATIENCE) -> None:
    """Wait until the condition holds; fail after `within` seconds."""
    started = time.monotonic()
    while not await condition():
        assert time.monotonic() - started < within, f"the condition does not hold after {within} s"
        await asyncio.sleep(0.05)
