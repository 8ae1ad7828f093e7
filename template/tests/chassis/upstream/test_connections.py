"""The connections of the client of an upstream service: how long they live, and what may come over them."""

import asyncio
import gc
import socket
from contextlib import AsyncExitStack

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from chassis import errors
from chassis.upstream import UpstreamClient, connections

from ..sample_service.settings import Settings
from .stub import Behaviour, Upstream, client_of, logged, raw_upstream, whole

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n"
HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"


async def test_keeps_one_connection_for_calls_one_after_the_other(upstream: Upstream) -> None:
    async with client_of(upstream.url) as client:
        for _ in range(3):
            await client.get("/", read=whole)
    assert len(upstream.connections) == 1


async def test_lets_go_of_an_idle_connection_before_a_server_does(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Settings().keep_alive_timeout > connections.KEEP_ALIVE_SECONDS
    monkeypatch.setattr(connections, "KEEP_ALIVE_SECONDS", 0.1)
    async with client_of(upstream.url) as client:
        for _ in range(2):
            await client.get("/", read=whole)
            await asyncio.sleep(0.3)
    assert len(upstream.connections) == 2


class ChangingNames(AbstractResolver):
    """Says at present that every name has this one address."""

    address = "127.0.0.1"

    def __init__(self, **_: object) -> None:
        pass

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host=self.address, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        pass


async def test_a_new_replica_gets_calls_although_the_old_one_is_kept_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aiohttp.connector.DefaultResolver", ChangingNames)
    monkeypatch.setattr(ChangingNames, "address", "127.0.0.1")
    monkeypatch.setattr(connections, "LIFETIME_SECONDS", 0.3)
    monkeypatch.setattr(connections, "DNS_CACHE_SECONDS", 0.1)

    def naming(address: str) -> Behaviour:
        async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(ANSWER.replace(b": 1\r", b": 11\r") + f'"{address}"'.encode())

        return behave

    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(raw_upstream(naming("127.0.0.1")))
        port = int(url.rpartition(":")[2])
        await stack.enter_async_context(raw_upstream(naming("127.0.0.2"), "127.0.0.2", port))
        client = await stack.enter_async_context(client_of(f"http://replicas.example:{port}"))
        answers = {await client.get("/", read=str) for _ in range(3)}
        assert answers == {"127.0.0.1"}
        monkeypatch.setattr(ChangingNames, "address", "127.0.0.2")
        async with asyncio.timeout(20):
            while await client.get("/", read=str) != "127.0.0.2":
                pass
        assert await client.get("/", read=str) == "127.0.0.2"


async def test_the_time_for_which_a_connection_serves_is_limited(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "LIFETIME_SECONDS", 0)
    async with client_of(upstream.url) as client:
        for _ in range(3):
            await client.get("/", read=whole)
    assert len(upstream.connections) == 3


async def test_ends_an_endless_announcement_of_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    """It froze the event loop for seconds, and took hundreds of megabytes."""
    sent = 0

    async def announce(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        while True:
            writer.write(HINT * 1_000)
            await writer.drain()
            sent += 1_000 * len(HINT)

    async with raw_upstream(announce) as url, client_of(url) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get("/", read=whole)
    assert logged(caplog) == ["upstream users failed: TooManyInterimAnswers: GET /"]
    assert sent < 20 * 2**20, "which is what fits between the two sockets"


@pytest.mark.parametrize("size", [1, 7, 10_000])
async def test_does_not_mind_some_announcements(size: int) -> None:
    async def announce(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        sent = HINT * connections.MOST_INTERIM_ANSWERS + ANSWER + b"7"
        for start in range(0, len(sent), size):
            writer.write(sent[start : start + size])
            await asyncio.sleep(0)

    async with raw_upstream(announce) as url, client_of(url) as client:
        assert await client.get("/", read=int) == 7


async def test_reads_a_large_answer_that_comes_with_its_head() -> None:
    document = b'"' + b"x" * 1_000_000 + b'"'

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER.replace(b": 1\r", b": %d\r" % len(document)) + document)
        await writer.drain()

    async with raw_upstream(answer) as url, client_of(url) as client:
        assert len(await client.get("/", read=str)) == 1_000_000


@pytest.mark.parametrize("together", [True, False], ids=["with the first answer", "later"])
async def test_takes_no_answer_for_that_of_the_next_call(*, together: bool) -> None:
    """The second call would get what was meant for nobody, and each one after it the answer of another."""
    count = 0

    async def answer_twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        while await reader.readuntil(b"\r\n\r\n"):
            count += 1
            own, unasked = ANSWER + b"%d" % count, ANSWER + b"9"
            writer.write(own[:-1])
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.write(own[-1:] + unasked if together else own[-1:])
            if not together:
                await asyncio.sleep(0.05)
                writer.write(unasked)

    async with raw_upstream(answer_twice) as url, client_of(url) as client:
        for expected in (1, 2, 3):
            assert await client.get("/", read=int) == expected
            await asyncio.sleep(0.2)


async def test_reads_nothing_from_a_connection_on_which_nothing_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some hundred megabytes of answers that nobody asked for were kept for the next call."""
    monkeypatch.setattr(connections, "KEEP_ALIVE_SECONDS", 1_000)
    ended = asyncio.Event()

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER + b"1")
        await asyncio.sleep(0.05)
        try:
            while True:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" * 1_000)
                await writer.drain()
        except ConnectionError:
            ended.set()

    async with raw_upstream(babble) as url, client_of(url) as client:
        assert await client.get("/", read=int) == 1
        async with asyncio.timeout(20):
            await ended.wait()


@pytest.mark.parametrize(
    "endless",
    [
        pytest.param((b"HTTP/1.1 200 OK\r\n", b"X-%d: " + b"x" * 1_000 + b"\r\n"), id="headers"),
        pytest.param((b"HTTP/1.1 200 OK\r\nX: ", b"x" * 1_000), id="one header"),
        pytest.param((b"HTTP/1.1 200 ", b"x" * 1_000), id="reason"),
        pytest.param((ANSWER[:-21] + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-%d: x\r\n"), id="trailers"),
        pytest.param(
            (ANSWER[:-21] + b"Transfer-Encoding: chunked\r\n\r\n", b"400\r\n" + b" " * 1024 + b"\r\n"), id="chunks"
        ),
        pytest.param((ANSWER[:-21] + b"\r\n", b" " * 1_000), id="body without a length"),
    ],
)
async def test_an_endless_answer_is_none(endless: tuple[bytes, bytes]) -> None:
    sent = 0

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        start, more = endless
        writer.write(start)
        while True:
            writer.write(b"".join(more.replace(b"%d", b"%d" % number) for number in range(100)))
            await writer.drain()
            sent += 100 * len(more)

    async with raw_upstream(behave) as url, client_of(url) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get("/", read=whole)
    assert sent < 30 * 2**20, "our limit, and what fits between the two sockets"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://does-not-exist.invalid"])
async def test_an_upstream_that_is_not_there_is_unavailable(url: str, caplog: pytest.LogCaptureFixture) -> None:
    async with client_of(url, http_client_retries=1) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get("/", read=whole)
    assert len(logged(caplog)) == 2, "it may be there the next moment"
    assert all(message.startswith("upstream users failed: ClientConnector") for message in logged(caplog))


async def test_cannot_be_used_before_it_is_opened() -> None:
    with pytest.raises(RuntimeError, match=r"^UpstreamClient must be used inside `async with`$"):
        await UpstreamClient("users", "http://users", Settings()).get("/", read=whole)


async def test_closing_ends_the_calls_in_flight(upstream: Upstream) -> None:
    """Those that were sent, those that wait for their turn, and those that come later."""
    upstream.handler = upstream.silence
    async with client_of(upstream.url, http_client_concurrency=2, http_client_retries=2) as client:
        calls = [asyncio.create_task(client.get("/", read=whole)) for _ in range(5)]
        async with asyncio.timeout(10):
            while len(upstream.requests) < 2:  # noqa: ASYNC110 - the stub counts them
                await asyncio.sleep(0.01)
    async with asyncio.timeout(10):
        results = await asyncio.gather(*calls, client.get("/"), return_exceptions=True)
    assert {type(result) for result in results} == {errors.UpstreamUnavailable}
    assert len(upstream.requests) == 2


def open_sockets_to(port: int) -> int:
    transports = [each for each in gc.get_objects() if isinstance(each, asyncio.Transport)]
    sockets = [each.get_extra_info("socket") for each in transports if each.get_extra_info("peername")[1] == port]
    return sum(each.fileno() >= 0 for each in sockets)


async def test_a_connection_ends_although_its_peer_does_not_take_what_it_is_sent() -> None:
    """To close it politely is to keep it until the other side has taken everything, maybe never."""

    async def take_nothing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(60)

    async with raw_upstream(take_nothing) as url, client_of(url, http_client_total_timeout=3) as client:
        port = int(url.rpartition(":")[2])
        call = asyncio.create_task(client.post("/", json="x" * 2**25))
        async with asyncio.timeout(3):
            while not open_sockets_to(port):  # noqa: ASYNC110 - nobody says when
                await asyncio.sleep(0.1)
        with pytest.raises(errors.UpstreamTimeout):
            await call
        await asyncio.sleep(0.1)
        assert open_sockets_to(port) == 0
