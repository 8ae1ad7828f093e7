"""What friends does while users is stopped, frozen or silent, and that it works again by itself afterwards."""

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
    """Wait until the circuit to users is closed: users does not know these two, but it was asked."""

    async def is_asked() -> bool:
        return (await friends.befriend_strangers()).problem == "user-not-found"

    await eventually(is_asked)


async def refuses_at_once(friends: Caller) -> bool:
    """Whether the circuit to users is open."""
    answer = await friends.befriend_strangers()
    return answer.problem == "upstream-unavailable" and answer.seconds < 0.5


def circuits_opened(system: System) -> int:
    """How often friends has told that it asks users no more for a while."""
    return (system.logs / "friends.log").read_text(encoding="utf-8").count("circuit to users opened")


@contextmanager
def frozen(process: ServiceProcess) -> Iterator[None]:
    """Stop a process in the middle of whatever it does, as an overloaded machine would."""
    os.kill(process.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.process.pid, signal.SIGCONT)


@asynccontextmanager
async def friends_of(
    upstream: stubs.StubUpstream, system: System, folder: Path, **environment: str
) -> AsyncIterator[LiveService]:
    """A friends service that asks a stub."""
    log = folder / "friends.log"
    with live_service(system.services["friends"], log, USERS_SERVICE_URL=upstream.url, **environment) as service:
        await service.becomes(200)
        yield service


async def test_refuses_at_once_while_users_is_stopped_and_works_soon_after(
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
        assert (await friends.befriend(other, one)).problem == "friendship-exists", "these two are remembered"
        assert (await friends.get("/health/ready")).status == 200, "ready never depends on a peer"
    finally:
        system.services["users"].restart()
    await until_asked_again(friends)
    assert (await friends.befriend(one, third)).status == 201


async def test_gives_up_in_time_while_users_is_frozen_and_continues_after(system: System, friends: Caller) -> None:
    with frozen(system.services["users"]):
        asked = []
        for _ in range(MANY):
            asked.append(asyncio.create_task(friends.befriend_strangers()))
            await asyncio.sleep(0.002)  # those who ask at once share a call, and it is calls that open the circuit
        started = time.monotonic()
        answers = await asyncio.gather(*asked)
        assert time.monotonic() - started < TOTAL_TIMEOUT + 2 * MARGIN
        assert {answer.problem for answer in answers} <= {"upstream-timeout", "upstream-unavailable"}
        late = [answer for answer in answers if answer.is_refusal(504)]
        assert late
        assert max(answer.seconds for answer in late) < TOTAL_TIMEOUT + MARGIN
        # If the service had no time meanwhile, all these were too few calls to open the circuit.
        await eventually(partial(refuses_at_once, friends))
    await until_asked_again(friends)


async def test_calls_of_a_silent_upstream_do_not_pile_up(system: System, tmp_path: Path) -> None:
    """All requests have to be in the service before the first ones time out: those give their turns back."""
    # Each call asks for 100 users at most, which are 50 friendships.
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
        assert max(seconds[503]) < min(seconds[504]), "who has no turn does not wait for those who have"

        async def is_quiet() -> bool:
            return stub.connections == 0

        await eventually(is_quiet)
