"""What clients of a service see if its upstream fails."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from fastapi import APIRouter

from chassis.application import build_application
from chassis.database import Database
from chassis.upstream import UpstreamClient

from ..conftest import Boot
from ..log_reader import empty, read_log
from ..sample_service.settings import Settings
from .stub import Upstream


def names_router(upstream: UpstreamClient) -> APIRouter:
    router = APIRouter()

    @router.get("/names/{name}")
    async def get_name(name: str) -> str | None:
        return await upstream.get("/names/{name}", path={"name": name}, read=str, answers={404: None})

    return router


@pytest.fixture
async def client(
    upstream: Upstream, sample_settings: Settings, sample_log: Path, boot: Boot
) -> AsyncIterator[aiohttp.ClientSession]:
    """Yield a client of a service that calls the upstream for names, and opens the circuit after one failure."""
    changes = {"http_client_retries": 0, "circuit_breaker_failures": 1, "circuit_breaker_reset": 100.0}
    settings = sample_settings.model_copy(update=changes)
    asked = UpstreamClient("names", upstream.url, settings)
    app = build_application(
        settings, database=Database(settings), routers=[names_router(asked)], problems=[], resources=[asked]
    )
    async with boot(app) as url, aiohttp.ClientSession(url) as session:
        empty(sample_log)
        yield session


async def test_responds_with_what_the_upstream_sent(client: aiohttp.ClientSession, upstream: Upstream) -> None:
    upstream.handler = upstream.sequence(web.json_response("Ada"), web.Response(status=404))
    for expected in ("Ada", None):
        async with client.get("/names/a%3Fb", headers={"X-Request-ID": "abc"}) as response:
            assert (response.status, await response.json()) == (200, expected)
    assert {request.raw_path for request in upstream.requests} == {"/names/a%3Fb"}
    assert {request.headers["X-Request-ID"] for request in upstream.requests} == {"abc"}


async def test_sends_retry_after_while_the_circuit_is_open(client: aiohttp.ClientSession, upstream: Upstream) -> None:
    upstream.handler = upstream.sequence(web.Response(status=500))
    for _ in range(3):  # the call that opens the circuit, and those that it refuses
        async with client.get("/names/ada") as response:
            assert response.status == 503
            assert 90 < int(response.headers["Retry-After"]) <= 100
    assert len(upstream.requests) == 1


async def test_responds_500_to_an_unhandled_refusal(
    client: aiohttp.ClientSession, upstream: Upstream, sample_log: Path
) -> None:
    """A 503 would suggest a retry, which does not help here."""
    upstream.handler = upstream.sequence(web.Response(status=409), web.json_response("Ada"))
    async with client.get("/names/ada") as response:
        assert response.status == 500
        assert (await response.json(content_type=None))["type"] == "/problems/internal-error"
    [line] = [line for line in read_log(sample_log) if "exception.type" in line]
    assert line["exception.message"] == "The names service returned 409: GET /names/{name}"
    async with client.get("/names/ada") as response:
        assert response.status == 200, "the circuit must stay closed"
