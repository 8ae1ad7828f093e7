"""Signing keys rotate under load, and no request fails."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

import jwt
from callers import FRIENDSHIPS, USERS, Answer, Caller, eventually
from databases import database_of
from issuer import Issuer
from live_service import live_service
from people import Person, refresh
from restarts import JWKS, restart

from system.gateway_process import GatewayProcess
from system.running import System
from system.service_process import ServiceProcess

PUBLICATION = 400.0  # seconds before accounts signs with a new key
PAUSE = 0.05  # seconds between two requests of the load


class Load:
    """Continuous requests to users and friends with the current token."""

    def __init__(self, url: str, person: Person) -> None:
        self._url = url
        self._paths = (USERS, f"{USERS}/{person.id}/friendships")
        self.token = person.access_token
        self.served: Counter[str] = Counter()
        self.failures: list[Answer] = []
        self._is_over = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run until the end of the block."""
        tasks = [asyncio.create_task(self._ask(path)) for path in self._paths]
        try:
            yield
        finally:
            self._is_over = True
            await asyncio.gather(*tasks)

    async def _ask(self, path: str) -> None:
        async with Caller(self._url) as caller:
            while not self._is_over:
                token = self.token
                answer = await caller.get(path, headers={"Authorization": f"Bearer {token}"})
                if answer.status == 200:
                    self.served[key_of(token)] += 1
                else:
                    self.failures.append(answer)
                await asyncio.sleep(PAUSE)

    async def goes_on(self, *, by: str) -> None:
        """Wait for further successful requests with a token of a key."""
        enough = self.served[by] + 20

        async def is_enough() -> bool:
            assert not self.failures
            return self.served[by] >= enough

        await eventually(is_enough)


def key_of(token: str) -> str:
    """Return the id of the key that signed a token."""
    return str(jwt.get_unverified_header(token)["kid"])


async def published(accounts: ServiceProcess) -> set[str]:
    """Return the ids of the keys that accounts publishes."""
    async with Caller(accounts.url) as caller:
        return {key["kid"] for key in (await caller.get(JWKS)).body["keys"]}


async def read_the_keys(gateway: GatewayProcess, accounts: ServiceProcess) -> None:
    """Make users and friends fetch keys now, instead of within five minutes, by a token of an unknown key."""
    nobodys = Issuer(gateway.url).token(header={"kid": "unknown"})

    def was_asked(trace: str) -> bool:
        lines = map(json.loads, accounts.log.read_text(encoding="utf-8").splitlines())
        return any((line.get("trace_id"), line.get("url.path")) == (trace, JWKS) for line in lines)

    async def has_asked(caller: Caller, path: str, trace: str) -> bool:
        await caller.get(path, headers={"traceparent": f"00-{trace}-{trace[:16]}-01"})
        return was_asked(trace)

    async with Caller(gateway.url, token=nobodys) as caller:
        for path in (USERS, f"{FRIENDSHIPS}/{uuid4()}"):
            await eventually(partial(has_asked, caller, path, uuid4().hex))


async def test_key_rotation_under_load_fails_no_request(
    gateway: GatewayProcess, whole_system: System, accounts: ServiceProcess, person: Person, tmp_path: Path
) -> None:
    """The test shifts the times of accounts in its database; accounts reads its keys again when it starts."""
    may_look_at_once = [whole_system.services[name] for name in ("users", "friends")]
    await restart(gateway, *may_look_at_once)
    async with Caller(gateway.url, token=person.access_token) as caller:
        await caller.new_user()
    load, old = Load(gateway.url, person), key_of(person.access_token)
    async with load.running(), Caller(gateway.url) as caller:
        with live_service(accounts, tmp_path / "log", command="rotate-keys") as rotation:
            assert await asyncio.to_thread(rotation.process.wait, 60) == 0
        await restart(gateway, accounts)
        (new,) = await published(accounts) - {old}
        await read_the_keys(gateway, accounts)
        still = await refreshed(caller, person)
        assert key_of(still) == old, "a new key must not sign before all services have it"
        load.token = still
        await load.goes_on(by=old)
        async with database_of(accounts) as connection:
            moved = "UPDATE signing_keys SET signs_from = signs_from - make_interval(secs => $1)"
            await connection.execute(moved, PUBLICATION)
        await restart(gateway, accounts)
        assert await published(accounts) == {old, new}
        await load.goes_on(by=old)
        load.token = await refreshed(caller, person)
        assert key_of(load.token) == new
        await load.goes_on(by=new)
    assert load.failures == []


async def refreshed(caller: Caller, person: Person) -> str:
    """Refresh the session once accounts is back, and return the access token."""
    tokens: dict[str, str] = {}

    async def is_refreshed() -> bool:
        answer = await refresh(caller, person.refresh_token)
        if answer.status == 200:
            tokens.update(answer.body)
        return answer.status == 200

    await eventually(is_refreshed)
    person.refresh_token = tokens["refresh_token"]
    return tokens["access_token"]
