"""The friends service while users is stopped, frozen or silent, and its recovery afterwards."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import stub_upstream as stubs
from callers import MARGIN, TOTAL_TIMEOUT, Caller, eventually
from live_service import LiveService, live_service

from system.running import System
from system.service_process import ServiceProcess

MANY = 200


async def until_asked_again(friends: Caller) -> None:
    """Wait until the circuit to users is closed: it was called, and does not know these two users."""

    async def is_asked() -> bool:
        return (await friends.befriend_strangers()).problem == "user-not-found"

    await eventually(is_asked)


async def refuses_at_once(friends: Caller) -> bool:
    """Return whether the circuit to users is open."""
    answer = await friends.befriend_strangers()
    return answer.problem == "upstream-unavailable" and answer.seconds < 0.5


def circuits_opened(system: System) -> int:
    """Return how often friends has logged that the circuit opened."""
    return (system.logs / "friends.log").read_text(encoding="utf-8").count("circuit to users opened")


@contextmanager
def frozen(process: ServiceProcess) -> Iterator[None]:
    """Stop a process in the middle of its work, as an overloaded machine would."""
    os.kill(process.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.process.pid, signal.SIGCONT)


@asynccontextmanager
async def friends_of(
    upstream: stubs.StubUpstream, system: System, folder: Path, **environment: str
) -> AsyncIterator[LiveService]:
    """Yield a friends service that calls a stub."""
    log = folder / "friends.log"
    with live_service(system.services["friends"], log, USERS_SERVICE_URL=upstream.url, **environment) as service:
        await service.becomes(200)
        yield service


async def test_responds_503_at_once_while_users_is_stopped_and_recovers(
    system: System, users: Caller, friends: Caller
) -> None:
    one, other, third = [await users.new_user() for _ in range(3)]
    assert (await friends.befriend(one, other)).status == 201
    before = circuits_opened(system)
    system.services["users"].stop()
    try:
        answers = [await friends.befriend_strangers() for _ in range(10)]
        assert {answer.problem for answer in answers} == {"upstream-unavailable"}
        assert all(answer.is_refusal() for answer in answers)
        assert circuits_opened(system) > before
        assert (await friends.befriend(other, one)).problem == "friendship-exists", "these two users must be cached"
        assert (await friends.get("/health/ready")).status == 200, "readiness must not depend on another service"
    finally:
        system.services["users"].restart()
    await until_asked_again(friends)
    assert (await friends.befriend(one, third)).status == 201


async def test_times_out_while_users_is_frozen_and_recovers(system: System, friends: Caller) -> None:
    with frozen(system.services["users"]):
        asked = []
        for _ in range(MANY):
            asked.append(asyncio.create_task(friends.befriend_strangers()))
            await asyncio.sleep(0.002)  # concurrent requests share a call, and only calls open the circuit
        started = time.monotonic()
        answers = await asyncio.gather(*asked)
        assert time.monotonic() - started < TOTAL_TIMEOUT + 2 * MARGIN
        assert {answer.problem for answer in answers} <= {"upstream-timeout", "upstream-unavailable"}
        late = [answer for answer in answers if answer.is_refusal(504)]
        assert late
        assert max(answer.seconds for answer in late) < TOTAL_TIMEOUT + MARGIN
        # On a busy machine these may have been too few calls to open the circuit.
        await eventually(partial(refuses_at_once, friends))
    await until_asked_again(friends)


async def test_calls_to_a_silent_upstream_do_not_pile_up(system: System, tmp_path: Path) -> None:
    """All requests must arrive before the first ones time out, which frees their slots."""
    # Each call looks up at most 100 users, which are 50 friendships.
    limits = {"HTTP_CLIENT_CONCURRENCY": "2", "HTTP_CLIENT_TOTAL_TIMEOUT": "5"}
    async with (
        stubs.stub_upstream(stubs.silence) as stub,
        friends_of(stub, system, tmp_path, **limits) as service,
        Caller(service.url) as friends,
    ):
        answers = await asyncio.gather(*(friends.befriend_strangers() for _ in range(MANY)))
        assert {answer.status for answer in answers} == {503, 504}
        assert stub.requests == stub.most_connections == 2
        seconds = {status: [answer.seconds for answer in answers if answer.status == status] for status in (503, 504)}
        assert max(seconds[503]) < min(seconds[504]), "a request without a slot must not wait for the others"

        async def is_quiet() -> bool:
            return stub.connections == 0

        await eventually(is_quiet)
