"""Clients that register users and read them back until told to stop."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import asyncpg
from callers import USERS, Caller, eventually, somebody

CLIENTS = 8
CONNECTION_BROKE = 0
RETRY_SECONDS = 1.0
"""The pause of a client after a failure, as `Retry-After` asks."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A request that was not answered with 200 or 201."""

    status: int
    began: float
    """By the monotonic clock."""
    seconds: float


@dataclass
class Load:
    """What the clients have seen so far."""

    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    registered: list[str] = field(default_factory=list)
    """The ids of users whose registration was confirmed with 201."""
    _began: dict[Caller, float] = field(default_factory=dict)
    """When the latest request of each client began."""

    async def more(self) -> None:
        """Wait until every client, on average, has read ten more users."""
        before = self.statuses[200]

        async def is_so() -> bool:
            return self.statuses[200] > before + 10 * CLIENTS

        await eventually(is_so)

    async def fails(self) -> None:
        """Wait until a request that begins from now on has failed."""
        now = time.monotonic()

        async def is_so() -> bool:
            return any(failure.began > now for failure in self.failures)

        await eventually(is_so)

    async def all_answered(self) -> None:
        """Wait until no client waits for a request that began before now."""
        now = time.monotonic()

        async def is_so() -> bool:
            return min(self._began.values()) > now

        await eventually(is_so)

    async def lost(self, database: asyncpg.Connection) -> int:
        """Return the number of registrations that were confirmed with 201 and are not in the database."""
        found = await database.fetchval("SELECT count(*) FROM users WHERE id = ANY($1::uuid[])", self.registered)
        return len(self.registered) - int(found)

    async def run(self, url: str, stop: asyncio.Event) -> None:
        """Run one client until told to stop."""
        async with Caller(url) as caller:
            while not stop.is_set():
                if (user := await self._request(caller, "POST", USERS, json=somebody())) is not None:
                    self.registered.append(user)
                    await self._request(caller, "GET", f"{USERS}/{user}")

    async def _request(self, caller: Caller, method: str, path: str, **options: object) -> str | None:
        began = self._began[caller] = time.monotonic()
        status = CONNECTION_BROKE
        try:
            answer = await caller.call(method, path, **options)
        except (aiohttp.ClientError, TimeoutError):
            pass
        else:
            status = answer.status
            if status in {200, 201}:
                self.statuses[status] += 1
                return str(answer.body["id"])
        self.statuses[status] += 1
        self.failures.append(Failure(status=status, began=began, seconds=time.monotonic() - began))
        await asyncio.sleep(RETRY_SECONDS)
        return None


@asynccontextmanager
async def load(url: str) -> AsyncIterator[Load]:
    """Run clients until the end of the block; check that all requests succeed at its beginning and at its end."""
    seen = Load()
    stop = asyncio.Event()
    clients = [asyncio.create_task(seen.run(url, stop)) for _ in range(CLIENTS)]
    try:
        await seen.more()
        yield seen
        await seen.more()
    finally:
        stop.set()
        await asyncio.gather(*clients)
