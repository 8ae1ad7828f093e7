"""Sessions through the gateway: refresh tokens work once, and ending a session revokes all of its tokens."""

import asyncio
import json

from callers import Caller
from databases import database_of
from people import ACCOUNTS, SESSIONS, Person, keep_secret, kept_secret, log_out, refresh

from system.gateway_process import GatewayProcess
from system.running import System

AT_ONCE = 8
BEYOND_THE_GRACE = 11  # seconds


async def is_over(caller: Caller, refresh_token: str) -> bool:
    """Return whether the session of a token has ended."""
    answer = await refresh(caller, refresh_token)
    if answer.status == 200:
        return False
    assert (answer.status, answer.body["error"]) == (400, "invalid_grant")
    assert answer.headers["Cache-Control"] == "no-store"
    return True


async def time_passes(system: System, seconds: int) -> None:
    """Shift the replacement of all refresh tokens into the past."""
    async with database_of(system.services["accounts"]) as connection:
        await connection.execute(
            "UPDATE sessions SET rotated_at = rotated_at - make_interval(secs => $1)", float(seconds)
        )


async def test_reuse_of_an_old_refresh_token_ends_the_session(
    gateway: GatewayProcess, whole_system: System, person: Person
) -> None:
    async with Caller(gateway.url) as caller:
        stolen = person.refresh_token
        owners = (await refresh(caller, stolen)).body["refresh_token"]
        assert (await refresh(caller, stolen)).body["refresh_token"] == owners, (
            "within the grace period the response is repeated"
        )
        await time_passes(whole_system, BEYOND_THE_GRACE)
        assert await is_over(caller, stolen)
        assert await is_over(caller, owners)
    log = whole_system.services["accounts"].log.read_text(encoding="utf-8")
    warnings = [line for line in map(json.loads, log.splitlines()) if line["level"] == "WARNING"]
    assert [line for line in warnings if person.id in line["message"]], "the log must report it"


async def test_session_survives_the_grace_period_without_reuse(
    gateway: GatewayProcess, whole_system: System, person: Person
) -> None:
    async with Caller(gateway.url) as caller:
        second = (await refresh(caller, person.refresh_token)).body["refresh_token"]
        await time_passes(whole_system, BEYOND_THE_GRACE)
        assert not await is_over(caller, second)


async def test_concurrent_refreshes_rotate_once_and_get_the_same_token(
    gateway: GatewayProcess, whole_system: System, person: Person
) -> None:
    async with Caller(gateway.url) as caller:
        answers = await asyncio.gather(*(refresh(caller, person.refresh_token) for _ in range(AT_ONCE)))
        assert [answer.status for answer in answers] == [200] * AT_ONCE
        (successor,) = {answer.body["refresh_token"] for answer in answers}
        assert successor != person.refresh_token
        for answer in answers:
            async with Caller(gateway.url, token=answer.body["access_token"]) as holder:
                assert (await holder.get("/api/v1/users")).status == 200
        await time_passes(whole_system, BEYOND_THE_GRACE)
        assert not await is_over(caller, successor)


async def test_logout_ends_one_session_and_a_password_change_ends_all(gateway: GatewayProcess, person: Person) -> None:
    credentials = {"username": person.username, "password": person.password}
    async with Caller(gateway.url) as caller:
        phone, tablet = [kept_secret((await caller.post(SESSIONS, credentials)).body) for _ in range(2)]
        await log_out(caller, phone["refresh_token"])
        assert await is_over(caller, phone["refresh_token"])
        kept = await refresh(caller, tablet["refresh_token"])
        assert kept.status == 200
        new = f"another {person.password}"
        keep_secret(new)
        change = {"current_password": person.password, "new_password": new}
        answer = await caller.call("PUT", f"{ACCOUNTS}/me/password", json=change, headers=person.bearer)
        assert answer.status == 204
        for ended in (kept.body["refresh_token"], person.refresh_token):
            assert await is_over(caller, ended)
        assert (await caller.post(SESSIONS, credentials)).problem == "wrong-credentials"
        session = await caller.post(SESSIONS, {"username": person.username, "password": new})
        assert session.status == 201
        kept_secret(session.body)
