"""accounts is away, hangs, begins anew or changes its keys: what the others go on with, and that they find back."""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

import aiohttp
import jwt
import pytest
from callers import FRIENDSHIPS, MARGIN, USERS, Answer, Caller, eventually, somebody
from databases import database_of
from issuer import Issuer
from live_service import live_service
from people import SESSIONS, Person, kept_secret, new_person, refresh

from system.gateway_process import GatewayProcess
from system.running import System
from system.service_process import ServiceProcess

JWKS = "/oauth/jwks"
TABLES = "accounts, sessions, signing_keys, login_attempts, known_addresses"
PUBLICATION = 400.0  # seconds, in which accounts lets services read a new key
PAUSE = 0.05  # seconds between two requests of the load: the gateway permits 50 a second with one token


@pytest.fixture
def accounts(whole_system: System) -> ServiceProcess:
    """Who issues the tokens."""
    return whole_system.services["accounts"]


async def restart(gateway: GatewayProcess, *services: ServiceProcess) -> None:
    """Start them again, and return when the gateway has noticed."""
    await asyncio.gather(*(asyncio.to_thread(service.restart) for service in services))
    paths = {"accounts": JWKS, "users": USERS, "friends": f"{FRIENDSHIPS}/{uuid4()}"}
    async with Caller(gateway.url) as caller:

        async def are_reached() -> bool:
            answers = [await caller.get(paths[service.service.name]) for service in services]
            return not any(answer.status == 503 for answer in answers)

        await eventually(are_reached)


async def new_friend(url: str) -> str:
    """Register somebody with a profile, and return the id."""
    person = await new_person(url)
    async with Caller(url, token=person.access_token) as caller:
        return await caller.new_user()


async def logs_in(caller: Caller, person: Person) -> bool:
    """Whether somebody can log in now."""
    answer = await caller.post(SESSIONS, {"username": person.username, "password": person.password})
    kept_secret(answer.body)
    return answer.status == 201


async def check_that_the_others_serve(gateway: GatewayProcess, person: Person, friend: str) -> None:
    """Read and write in both, in time; and refuse who is not known."""
    async with Caller(gateway.url, token=person.access_token) as caller:
        answers = [
            await caller.get(f"{USERS}/{person.id}"),
            await caller.get(f"{USERS}/{person.id}/friendships"),
            await caller.post(FRIENDSHIPS, {"target_id": friend}),
        ]
    assert [answer.status for answer in answers] == [200, 200, 201]
    async with Caller(gateway.url, token=Issuer(gateway.url).token(header={"kid": "unknown"})) as caller:
        for path in (USERS, f"{FRIENDSHIPS}/{uuid4()}"):
            answer = await caller.get(path)
            answers.append(answer)
            assert answer.problem in {"issuer-unavailable", "invalid-token"}  # 503; 401: it had looked just before
    assert max(answer.seconds for answer in answers) < MARGIN


async def test_while_accounts_is_stopped_the_others_serve_who_is_logged_in(
    gateway: GatewayProcess, accounts: ServiceProcess, person: Person
) -> None:
    friends = [await new_friend(gateway.url) for _ in range(2)]
    async with Caller(gateway.url, token=person.access_token) as caller:
        await caller.new_user()
        assert (await caller.post(FRIENDSHIPS, {"target_id": friends[0]})).status == 201
        accounts.stop()
        try:
            await check_that_the_others_serve(gateway, person, friends[1])
            refused = await caller.post(SESSIONS, {"username": person.username, "password": person.password})
            assert refused.problem == "upstream-unavailable"
            assert refused.is_refusal()
        finally:
            await restart(gateway, accounts)
        assert await logs_in(caller, person)


@contextmanager
def frozen(service: ServiceProcess) -> Iterator[None]:
    """Stop all its processes where they are, as a machine that is out of breath does."""
    os.killpg(service.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(service.process.pid, signal.SIGCONT)


async def test_while_accounts_hangs_the_others_serve_who_is_logged_in(
    gateway: GatewayProcess, accounts: ServiceProcess, person: Person
) -> None:
    friends = [await new_friend(gateway.url) for _ in range(2)]
    async with Caller(gateway.url, token=person.access_token) as caller:
        await caller.new_user()
        assert (await caller.post(FRIENDSHIPS, {"target_id": friends[0]})).status == 201

        async def is_refused_at_once() -> bool:
            try:
                return (await caller.get(JWKS, timeout=aiohttp.ClientTimeout(total=1))).is_refusal()
            except TimeoutError:  # until the gateway notices
                return False

        with frozen(accounts):
            waiting = asyncio.create_task(logs_in(caller, person))
            await check_that_the_others_serve(gateway, person, friends[1])
            await eventually(is_refused_at_once)
        assert await waiting, "who had come before is served when it goes on"
        await eventually(lambda: logs_in(caller, person))


async def test_after_accounts_has_begun_anew_the_others_find_back_by_themselves(
    gateway: GatewayProcess, whole_system: System, accounts: ServiceProcess, person: Person
) -> None:
    await restart(gateway, whole_system.services["users"])  # which may look for new keys at once
    async with Caller(gateway.url, token=person.access_token) as caller:
        await caller.new_user()
        assert (await caller.post(FRIENDSHIPS, {"target_id": await new_friend(gateway.url)})).status == 201
    async with database_of(accounts) as connection:
        await connection.execute(f"TRUNCATE {TABLES}")
    await restart(gateway, accounts)
    async with Caller(gateway.url) as caller:
        assert not await logs_in(caller, person)
        assert (await refresh(caller, person.refresh_token)).body["error"] == "invalid_grant"
        initiator, friend = await new_person(gateway.url), await new_person(gateway.url)
        for each in (initiator, friend):
            await eventually(partial(has_a_profile, caller, each))

        async def is_befriended() -> bool:
            answer = await caller.post(FRIENDSHIPS, {"target_id": friend.id}, headers=initiator.bearer)
            assert answer.status in {201, 401, 503}, answer  # until friends has a token of the new keys
            return answer.status == 201

        await eventually(is_befriended, within=90)
        assert (await caller.get(USERS, headers=person.bearer)).problem == "invalid-token", "of keys that are gone"


async def has_a_profile(caller: Caller, person: Person) -> bool:
    """Make it; until users has looked for new keys, which it does twice a minute at most, the token does not count."""
    answer = await caller.post(USERS, somebody(), headers=person.bearer)
    assert answer.status == 201 or answer.problem in {"invalid-token", "issuer-unavailable"}, answer
    return answer.status == 201


class Load:
    """Requests to users and friends all the time, with the token that is given at the moment."""

    def __init__(self, url: str, person: Person) -> None:
        self._url = url
        self._paths = (USERS, f"{USERS}/{person.id}/friendships")
        self.token = person.access_token
        self.served: Counter[str] = Counter()
        self.failures: list[Answer] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Until the end of the block."""
        tasks = [asyncio.create_task(self._ask(path)) for path in self._paths]
        yield
        self._is_over = True
        await asyncio.gather(*tasks)

    _is_over = False

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
        """Wait for further requests that were served by the token of a key."""
        enough = self.served[by] + 20

        async def is_enough() -> bool:
            assert not self.failures
            return self.served[by] >= enough

        await eventually(is_enough)


def key_of(token: str) -> str:
    """The name of the key that has signed a token."""
    return str(jwt.get_unverified_header(token)["kid"])


async def published(accounts: ServiceProcess) -> set[str]:
    """The names of the keys that accounts publishes."""
    async with Caller(accounts.url) as caller:
        return {key["kid"] for key in (await caller.get(JWKS)).body["keys"]}


async def read_the_keys(gateway: GatewayProcess, accounts: ServiceProcess) -> None:
    """Have users and friends ask for keys now, instead of within five minutes: for one that nobody has."""
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


async def test_keys_follow_each_other_under_load_and_no_request_fails(
    gateway: GatewayProcess, whole_system: System, accounts: ServiceProcess, person: Person, tmp_path: Path
) -> None:
    """The clock of accounts is moved in its database, and it reads its keys anew when it starts."""
    await restart(gateway, *(whole_system.services[name] for name in ("users", "friends")))  # as above
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
        assert key_of(still) == old, "the new key waits until everybody knows it"
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
    """Go on with the session, when accounts is there again, and return the access token."""
    tokens: dict[str, str] = {}

    async def is_refreshed() -> bool:
        answer = await refresh(caller, person.refresh_token)
        if answer.status == 200:
            tokens.update(answer.body)
        return answer.status == 200

    await eventually(is_refreshed)
    person.refresh_token = tokens["refresh_token"]
    return tokens["access_token"]
