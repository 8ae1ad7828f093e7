"""What the services do while something that they need is broken, and that they come back by themselves."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import stub_upstream as stubs
from callers import FRIENDSHIPS, USERS, Answer, Caller, eventually, somebody
from databases import busy_connections, database_of
from live_service import LiveService, live_service

from postgres_server import PostgresServer
from service_process import ServiceProcess
from system import System

TOTAL_TIMEOUT = 2.0  # HTTP_CLIENT_TOTAL_TIMEOUT
MARGIN = 3.0  # for a busy machine with two cores
MANY = 200


async def befriend_strangers(friends: Caller) -> Answer:
    """Begin a friendship for which users has to be asked."""
    return await friends.befriend(str(uuid4()), str(uuid4()))


def is_refusal(answer: Answer, *, status: int = 503) -> bool:
    return answer.status == status and int(answer.headers["Retry-After"]) >= 1


async def until_asked_again(friends: Caller) -> None:
    """Wait until the circuit to users is closed: users does not know these two, but it was asked."""

    async def is_asked() -> bool:
        return (await befriend_strangers(friends)).problem == "user-not-found"

    await eventually(is_asked, within=5)


async def refuses_at_once(friends: Caller) -> bool:
    """Whether the circuit to users is open."""
    answer = await befriend_strangers(friends)
    return answer.problem == "upstream-unavailable" and answer.seconds < 0.5


@contextmanager
def frozen(process: ServiceProcess) -> Iterator[None]:
    """Stop a process in the middle of whatever it does, as an overloaded machine would."""
    os.kill(process.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.process.pid, signal.SIGCONT)


def kill_nine(postgres: PostgresServer) -> None:
    """Kill the server and its children, which gives none of them a chance to say goodbye."""
    postmaster = postgres._watchdog.process
    assert postmaster
    stats = [path.read_text().rsplit(")", 1) for path in Path("/proc").glob("[0-9]*/stat")]
    children = [int(name.split()[0]) for name, rest in stats if rest.split()[1] == str(postmaster.pid)]
    for pid in (postmaster.pid, *children):
        os.kill(pid, signal.SIGKILL)
    postmaster.wait()


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
    system.services["users"].stop()
    try:
        answers = [await befriend_strangers(friends) for _ in range(10)]
        assert {answer.problem for answer in answers} == {"upstream-unavailable"}
        assert all(is_refusal(answer) for answer in answers)
        assert max(answer.seconds for answer in answers[5:]) < 0.5, "the circuit is open"
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
            asked.append(asyncio.create_task(befriend_strangers(friends)))
            await asyncio.sleep(0.002)  # those who ask at once share a call, and it is calls that open the circuit
        started = time.monotonic()
        answers = await asyncio.gather(*asked)
        assert time.monotonic() - started < TOTAL_TIMEOUT + 2 * MARGIN
        assert {answer.problem for answer in answers} <= {"upstream-timeout", "upstream-unavailable"}
        late = [answer for answer in answers if is_refusal(answer, status=504)]
        assert late
        assert max(answer.seconds for answer in late) < TOTAL_TIMEOUT + MARGIN
        # If the service had no time meanwhile, all these were too few calls to open the circuit.
        await eventually(partial(refuses_at_once, friends), within=5 * (TOTAL_TIMEOUT + 0.5))
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
        answers = await asyncio.gather(*(befriend_strangers(friends) for _ in range(MANY)))
        assert {answer.status for answer in answers} == {503, 504}
        assert stub.requests == stub.most_connections == 2
        seconds = {status: [answer.seconds for answer in answers if answer.status == status] for status in (503, 504)}
        assert max(seconds[503]) < min(seconds[504]), "who has no turn does not wait for those who have"

        async def is_quiet() -> bool:
            return stub.connections == 0

        await eventually(is_quiet, within=5)


NONSENSE = {
    "an error": (stubs.answering(b"boom", status=500), "answered 500: b'boom'"),
    "no HTTP": (stubs.not_http, "failed: "),
    "no JSON": (stubs.answering(b"<html>"), "nonsense: b'<html>'"),
    "wrong type": (stubs.answering(b"[]", content_type="text/html"), "content type 'text/html'"),
    "10 MB": (stubs.answering(b" " * 10 * stubs.MEGABYTE), "more than 1048576 bytes"),
    "redirect": (stubs.answering(b"", status=302, header="Location: /elsewhere"), "answered 302"),
    "not found": (stubs.answering(b"{}", status=404), "answered 404"),
    "no body": (stubs.answering(b""), "nonsense: b''"),
    "compressed": (stubs.answering(b"\x1f\x8b", header="Content-Encoding: gzip"), "nonsense"),
    "too deep": (stubs.answering(b"[" * 100_000), "nonsense"),
    "null": (stubs.document(None), "nonsense: b'null'"),
    "wrong lists": (stubs.document({"existing": [], "missing": [str(uuid4())]}), "nonsense"),
    "wrong ids": (stubs.document({"existing": [1], "missing": None}), "nonsense"),
    "hung up": (stubs.hang_up, "failed: ServerDisconnectedError"),
}


@pytest.fixture(scope="module")
async def stub() -> AsyncIterator[stubs.StubUpstream]:
    async with stubs.stub_upstream(stubs.silence) as stub:
        yield stub


@pytest.fixture(scope="module")
async def misled(
    stub: stubs.StubUpstream, system: System, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[LiveService]:
    """A friends service whose circuit never opens, so that each answer of the stub counts for itself."""
    log = tmp_path_factory.mktemp("misled") / "friends.log"
    environment = {"USERS_SERVICE_URL": stub.url, "CIRCUIT_BREAKER_FAILURES": "1000"}
    with live_service(system.services["friends"], log, **environment) as service:
        await service.becomes(200)
        yield service


@pytest.mark.parametrize("kind", NONSENSE)
async def test_takes_nonsense_for_an_unavailable_upstream(
    stub: stubs.StubUpstream, misled: LiveService, kind: str
) -> None:
    stub.behaviour, logged = NONSENSE[kind]
    before = len(misled.lines)
    async with Caller(misled.url) as friends:
        for answer in (await befriend_strangers(friends), await friends.get(f"{USERS}/{uuid4()}/friendships")):
            assert answer.problem == "upstream-unavailable"
            assert is_refusal(answer)
            assert answer.seconds < 1
    assert any(logged in line["message"] for line in misled.lines[before:] if line["level"] == "WARNING")


async def test_times_out_on_half_an_answer(stub: stubs.StubUpstream, misled: LiveService) -> None:
    stub.behaviour = stubs.half_an_answer
    async with Caller(misled.url) as friends:
        answer = await befriend_strangers(friends)
    assert answer.problem == "upstream-timeout"
    assert is_refusal(answer, status=504)
    assert TOTAL_TIMEOUT <= answer.seconds < TOTAL_TIMEOUT + MARGIN


async def test_refuses_while_the_database_is_dead_and_works_soon_after(
    users: Caller, friends: Caller, postgres: PostgresServer
) -> None:
    callers = (users, friends)

    async def register() -> Answer:
        return await users.post(USERS, somebody())

    async def look_up() -> Answer:
        return await friends.get(f"{FRIENDSHIPS}/{uuid4()}")

    before = [asyncio.create_task(call()) for call in (register, look_up) for _ in range(20)]
    await asyncio.sleep(0.01)
    kill_nine(postgres)
    try:
        interrupted = await asyncio.gather(*before)
        assert {answer.status for answer in interrupted} <= {201, 404, 503}
        meanwhile = [await call() for call in (register, look_up) for _ in range(10)]
        meanwhile += await asyncio.gather(*(call() for call in (register, look_up) for _ in range(50)))
        assert {answer.problem for answer in meanwhile} == {"database-unavailable"}
        assert all(is_refusal(answer) for answer in meanwhile)
        assert max(answer.seconds for answer in [*interrupted, *meanwhile]) < 3
        for caller in callers:
            ready = await caller.get("/health/ready")
            assert (ready.status, ready.body["reason"]) == (503, "database-unavailable")
            assert (await caller.get("/health/live")).status == 200
    finally:
        postgres.start()

    async def is_back() -> bool:
        answers = [await caller.get("/health/ready") for caller in callers] + [await register(), await look_up()]
        return [answer.status for answer in answers] == [200, 200, 201, 404]

    await eventually(is_back, within=5)
    # Users of before may be lost: the server of the tests does not wait for the disk.
    one, other = await users.new_user(), await users.new_user()
    assert (await friends.befriend(one, other)).status == 201
    calm = await asyncio.gather(*(call() for call in (register, look_up) for _ in range(50)))
    assert {answer.status for answer in calm} == {201, 404}, "no connection of the old server is left"


async def are_busy(connection: asyncpg.Connection, number: int) -> bool:
    return await busy_connections(connection) == number


async def test_clients_that_leave_leave_no_connection_behind(users: Caller, system: System) -> None:
    service = system.services["users"]
    request = f"GET {USERS} HTTP/1.1\r\nHost: users\r\n\r\n".encode()
    async with database_of(service) as connection:
        async with connection.transaction():
            await connection.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
            for _ in range(30):  # three times as many as there are connections
                _reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
                writer.write(request)
                await writer.drain()
                await asyncio.sleep(0.005)
                writer.close()
            await eventually(partial(are_busy, connection, 10), within=1)
            assert await busy_connections(connection) == 10
        await eventually(partial(are_busy, connection, 0), within=3)
    answers = await asyncio.gather(*(users.get(USERS) for _ in range(30)))
    assert {answer.status for answer in answers} == {200}


async def test_a_statement_that_waits_for_a_lock_is_given_up(users: Caller, system: System) -> None:
    async with database_of(system.services["users"]) as connection, connection.transaction():
        await connection.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
        answers = await asyncio.gather(*(users.get(USERS) for _ in range(50)))
        assert {answer.problem for answer in answers} == {"database-unavailable"}
        assert max(answer.seconds for answer in answers) < 3
        assert (await users.get("/health/ready")).status == 200, "busy is not broken"
