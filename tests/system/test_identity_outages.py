"""The other services while accounts is stopped, frozen or reset, and their recovery."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from uuid import uuid4

import aiohttp
from callers import FRIENDSHIPS, MARGIN, USERS, Caller, eventually, somebody
from databases import database_of
from issuer import Issuer
from people import SESSIONS, Person, kept_secret, new_person, refresh
from restarts import JWKS, restart

from system.gateway_process import GatewayProcess
from system.running import System
from system.service_process import ServiceProcess

TABLES = "accounts, sessions, signing_keys, login_attempts, known_addresses"


async def new_friend(url: str) -> str:
    """Register somebody with a profile, and return the id."""
    person = await new_person(url)
    async with Caller(url, token=person.access_token) as caller:
        return await caller.new_user()


async def logs_in(caller: Caller, person: Person) -> bool:
    """Return whether somebody can log in now."""
    answer = await caller.post(SESSIONS, {"username": person.username, "password": person.password})
    kept_secret(answer.body)
    return answer.status == 201


async def check_that_the_others_serve(gateway: GatewayProcess, person: Person, friend: str) -> None:
    """Check that both other services read and write in time, and refuse unknown callers."""
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
            assert answer.problem in {
                "issuer-unavailable",
                "invalid-token",
            }  # 503, or 401 if it had fetched keys just before
    assert max(answer.seconds for answer in answers) < MARGIN


async def test_others_serve_logged_in_people_while_accounts_is_stopped(
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
    """Stop all its processes, as an overloaded machine does."""
    os.killpg(service.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(service.process.pid, signal.SIGCONT)


async def test_others_serve_logged_in_people_while_accounts_hangs(
    gateway: GatewayProcess, accounts: ServiceProcess, person: Person
) -> None:
    friends = [await new_friend(gateway.url) for _ in range(2)]
    async with Caller(gateway.url, token=person.access_token) as caller:
        await caller.new_user()
        assert (await caller.post(FRIENDSHIPS, {"target_id": friends[0]})).status == 201

        async def is_refused_at_once() -> bool:
            try:
                return (await caller.get(JWKS, timeout=aiohttp.ClientTimeout(total=1))).is_refusal()
            except TimeoutError:  # wait for the gateway to notice
                return False

        with frozen(accounts):
            waiting = asyncio.create_task(logs_in(caller, person))
            await check_that_the_others_serve(gateway, person, friends[1])
            await eventually(is_refused_at_once)
        assert await waiting, "a pending request must be served once accounts continues"
        await eventually(lambda: logs_in(caller, person))


async def test_others_recover_after_accounts_lost_its_data(
    gateway: GatewayProcess, whole_system: System, accounts: ServiceProcess, person: Person
) -> None:
    await restart(gateway, whole_system.services["users"])  # so that it may look for new keys at once
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
            assert answer.status in {201, 401, 503}, answer  # wait for friends to get a token of the new keys
            return answer.status == 201

        await eventually(is_befriended, within=90)
        assert (await caller.get(USERS, headers=person.bearer)).problem == "invalid-token", (
            "a token of lost keys must be refused"
        )


async def has_a_profile(caller: Caller, person: Person) -> bool:
    """Create a profile; until users has fetched new keys, at most twice a minute, the token is refused."""
    answer = await caller.post(USERS, somebody(), headers=person.bearer)
    assert answer.status == 201 or answer.problem in {"invalid-token", "issuer-unavailable"}, answer
    return answer.status == 201
