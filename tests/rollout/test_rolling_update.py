"""What kubernetes/ relies on, with processes: `./noxw -s rollout`; takes minutes, so it is not run by default."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from callers import USERS, Caller, eventually, somebody
from databases import database_of
from replicas import Replicas

CLIENTS = 8
CONNECTION_BROKE = 0


async def register_and_read(url: str, seen: Counter[int], stop: asyncio.Event) -> None:
    async with Caller(url) as caller:
        while not stop.is_set():
            try:
                made = await caller.post(USERS, somebody())
                seen[made.status] += 1
                if made.status == 201:
                    seen[(await caller.get(f"{USERS}/{made.body['id']}")).status] += 1
            except aiohttp.ClientError:
                seen[CONNECTION_BROKE] += 1


@asynccontextmanager
async def load(url: str) -> AsyncIterator[Counter[int]]:
    """Clients who go on until the end; yields how often each status was seen."""
    seen: Counter[int] = Counter()
    stop = asyncio.Event()
    clients = [asyncio.create_task(register_and_read(url, seen, stop)) for _ in range(CLIENTS)]
    try:
        await more(seen)
        yield seen
        await more(seen)
    finally:
        stop.set()
        await asyncio.gather(*clients)


async def more(seen: Counter[int]) -> None:
    """Wait until more was answered well."""
    before = seen[200]

    async def is_so() -> bool:
        return seen[200] > before + 10 * CLIENTS

    await eventually(is_so)


async def test_an_update_with_a_wider_schema_loses_no_request(replicas: Replicas, gateway: str) -> None:
    async with load(gateway) as seen, database_of(replicas.like) as database:
        # The migration of the new release runs while only old replicas serve.
        revision = await database.fetchval("SELECT version_num FROM alembic_version")
        await database.execute("ALTER TABLE users ADD COLUMN nickname text")
        await database.execute("UPDATE alembic_version SET version_num = 'newer'")
        try:
            await more(seen)
            await replicas.update()
            await more(seen)
        finally:
            await database.execute("UPDATE alembic_version SET version_num = $1", revision)
            await database.execute("ALTER TABLE users DROP COLUMN nickname")
    assert set(seen) == {200, 201}, seen


async def test_a_killed_replica_is_left_out_and_replaced(replicas: Replicas, gateway: str) -> None:
    """Until the Service leaves it out there are 503s; the gateway's own health check may meet it, too."""
    async with load(gateway) as seen:
        replicas.kill()
        await more(seen)
        await replicas.start(1)
        errors = seen.total() - seen[200] - seen[201]
        await more(seen)
        assert seen.total() - seen[200] - seen[201] == errors, "now all is as before"
    assert set(seen) <= {CONNECTION_BROKE, 200, 201, 502, 503, 504}, seen
