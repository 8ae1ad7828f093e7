"""One request and its response as the access log records them."""

from typing import NoReturn

import pytest
from starlette.types import Message

from chassis.logs.exchange import Bodies, Exchange


def nothing(_: Exchange) -> None:
    pass


async def test_ends_once_after_the_last_byte() -> None:
    ended: list[bool] = []

    async def unused() -> NoReturn:
        raise AssertionError

    async def send(_: Message) -> None:
        assert ended == []

    exchange = Exchange({}, unused, send, bodies="off", body_limit=0, at_end=lambda each: ended.append(each.complete))
    await exchange.send({"type": "http.response.start", "status": 200, "headers": []})
    await exchange.send({"type": "http.response.body", "body": b"a", "more_body": True})
    assert ended == []
    await exchange.send({"type": "http.response.body", "body": b"b"})
    exchange.end()
    assert ended == [True]


@pytest.mark.parametrize(
    ("bodies", "status", "kept"),
    [
        ("off", 400, (b"", b"")),
        ("shapes", 200, (b"abcd", b"")),
        ("shapes", 400, (b"abcd", b"abcd")),
        ("errors", 200, (b"abcd", b"")),
        ("errors", 400, (b"abcd", b"abcd")),
        ("all", 200, (b"abcd", b"abcd")),
    ],
)
async def test_keeps_no_more_of_a_body_than_the_log_shows(
    bodies: Bodies, status: int, kept: tuple[bytes, bytes]
) -> None:
    pieces = [b"abc", b"d", b"e"]
    coming = iter(pieces)

    async def receive() -> Message:
        return {"type": "http.request", "body": next(coming), "more_body": True}

    async def send(_: Message) -> None:
        pass

    exchange = Exchange({}, receive, send, bodies=bodies, body_limit=4, at_end=nothing)
    for _ in pieces:
        await exchange.receive()
    await exchange.send({"type": "http.response.start", "status": status, "headers": []})
    for piece in pieces:
        await exchange.send({"type": "http.response.body", "body": piece, "more_body": True})
    assert (bytes(exchange.request_body), bytes(exchange.response_body)) == kept
    assert (exchange.request_size, exchange.response_size) == (5, 5)


def test_measures_the_duration_in_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([10.0, 10.123_456_7])

    async def unused(*_: object) -> NoReturn:
        raise AssertionError

    with monkeypatch.context() as stopped:
        stopped.setattr("time.perf_counter", lambda: next(clock))
        duration = Exchange({}, unused, unused, bodies="off", body_limit=0, at_end=nothing).duration_ms
    assert duration == 123.457
