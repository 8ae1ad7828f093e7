"""Connections of the upstream client: their lifetime, and limits on what they may receive."""

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


async def test_reuses_the_connection_for_sequential_calls(upstream: Upstream) -> None:
    async with client_of(upstream.url) as client:
        for _ in range(3):
            await client.get("/", read=whole)
    assert len(upstream.connections) == 1


async def test_closes_idle_connections_before_the_server_does(
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
    """A resolver that currently resolves every name to one address."""

    address = "127.0.0.1"

    def __init__(self, **_: object) -> None:
        pass

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host=self.address, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        pass


async def test_sends_calls_to_a_new_replica_while_the_old_one_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
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


async def test_limits_the_lifetime_of_a_connection(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "LIFETIME_SECONDS", 0)
    async with client_of(upstream.url) as client:
        for _ in range(3):
            await client.get("/", read=whole)
    assert len(upstream.connections) == 3


async def test_aborts_endless_informational_responses(caplog: pytest.LogCaptureFixture) -> None:
    """They once froze the event loop for seconds, and took hundreds of megabytes."""
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
    assert sent < 20 * 2**20, "the size of the socket buffers"


@pytest.mark.parametrize("size", [1, 7, 10_000])
async def test_accepts_some_informational_responses(size: int) -> None:
    async def announce(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        sent = HINT * connections.MOST_INTERIM_ANSWERS + ANSWER + b"7"
        for start in range(0, len(sent), size):
            writer.write(sent[start : start + size])
            await asyncio.sleep(0)

    async with raw_upstream(announce) as url, client_of(url) as client:
        assert await client.get("/", read=int) == 7


async def test_reads_a_large_response_that_arrives_with_its_head() -> None:
    document = b'"' + b"x" * 1_000_000 + b'"'

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER.replace(b": 1\r", b": %d\r" % len(document)) + document)
        await writer.drain()

    async with raw_upstream(answer) as url, client_of(url) as client:
        assert len(await client.get("/", read=str)) == 1_000_000


@pytest.mark.parametrize("together", [True, False], ids=["with the first response", "later"])
async def test_ignores_surplus_responses_on_a_reused_connection(*, together: bool) -> None:
    """Otherwise each call would get the response of the one before."""
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


async def test_buffers_nothing_from_an_idle_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of megabytes of unrequested responses were once kept for the next call."""
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
async def test_aborts_an_endless_response(endless: tuple[bytes, bytes]) -> None:
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
    assert sent < 30 * 2**20, "our limit plus the socket buffers"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://does-not-exist.invalid"])
async def test_raises_upstream_unavailable_if_nothing_listens(url: str, caplog: pytest.LogCaptureFixture) -> None:
    async with client_of(url, http_client_retries=1) as client:
        with pytest.raises(errors.UpstreamUnavailable):
            await client.get("/", read=whole)
    assert len(logged(caplog)) == 2, "the next attempt may succeed"
    assert all(message.startswith("upstream users failed: ClientConnector") for message in logged(caplog))


async def test_refuses_calls_before_it_is_opened() -> None:
    with pytest.raises(RuntimeError, match=r"^UpstreamClient must be used inside `async with`$"):
        await UpstreamClient("users", "http://users", Settings()).get("/", read=whole)


async def test_closing_ends_all_calls(upstream: Upstream) -> None:
    """Those in progress, those that wait for a slot, and those that come later."""
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
    there = [each for each in transports if (each.get_extra_info("peername") or ())[1:2] == (port,)]
    return sum(each.get_extra_info("socket").fileno() >= 0 for each in there)


async def test_closes_a_connection_whose_peer_does_not_read() -> None:
    """A graceful close would wait until the peer has read everything, maybe forever."""

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
