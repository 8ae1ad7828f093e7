"""The metrics that a service exports."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from ..process.serving import workers_of
from .conftest import watched
from .receiver import ReceivedPoint, Receiver, receiving

ALL: Final = {
    "chassis.event_loop.lag": "s",
    "chassis.gc.time": "s",
    "chassis.log.lines.dropped": "{line}",
    "chassis.queue.limit": "{place}",
    "chassis.queue.refused": "{request}",
    "chassis.queue.used": "{place}",
    "chassis.queue.wait_time": "s",
    "chassis.queue.waiting": "{request}",
    "chassis.upstream.circuit.open": "{circuit}",
    "cpython.gc.collections": "{collection}",
    "db.client.connection.count": "{connection}",
    "http.client.request.duration": "s",
    "http.server.active_requests": "{request}",
    "http.server.request.duration": "s",
    "sample.shelf.toys": "{toy}",
}


@pytest.fixture(scope="module")
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
async def url(
    receiver: Receiver, tmp_path_factory: pytest.TempPathFactory, postgres: dict[str, str], database_name: str
) -> AsyncIterator[str]:
    """Yield the URL of a service without an upstream, with one database connection."""
    environment = {
        **postgres,
        "POSTGRES_DB": database_name,
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
        "OTEL_TRACES_EXPORTER": "none",
        "DATABASE_POOL_SIZE": "1",
        "DATABASE_POOL_WAIT": "0.2",
        "CIRCUIT_BREAKER_FAILURES": "1",
        "HTTP_CLIENT_RETRIES": "0",
    }
    async with watched(tmp_path_factory.mktemp("metrics") / "log", **environment) as (_, url):
        yield url


async def status_of(url: str) -> int:
    async with aiohttp.ClientSession() as client, client.get(url) as response:
        return response.status


async def test_counts_requests_by_route_and_status(url: str, receiver: Receiver) -> None:
    assert await status_of(f"{url}/api/v1/toys/hello/ada?secret=planted") == 200
    assert await status_of(f"{url}/api/v1/toys/hello/grace") == 200
    assert await status_of(f"{url}/api/v1/toys/boom") == 500
    assert await status_of(f"{url}/nowhere/planted") == 404
    wanted = {("/api/v1/toys/hello/{name}", 200), ("/api/v1/toys/boom", 500), (None, 404)}
    points = await receiver.points("http.server.request.duration", lambda points: wanted <= set(map(outcome, points)))
    hello = next(each for each in points if each.attributes.get("http.route") == "/api/v1/toys/hello/{name}")
    assert (hello.value, hello.attributes["http.request.method"], hello.attributes["url.scheme"]) == (2, "GET", "http")
    assert [each.attributes.get("error.type") for each in points if each.attributes["http.response.status_code"] == 500]
    await receiver.points("http.server.active_requests", lambda points: points and points[0].value == 0)


def outcome(point: ReceivedPoint) -> tuple[object, object]:
    return point.attributes.get("http.route"), point.attributes["http.response.status_code"]


async def test_counts_upstream_calls_by_outcome_and_reports_the_circuit_state(url: str, receiver: Receiver) -> None:
    await receiver.points("chassis.upstream.circuit.open", lambda points: points and points[0].value == 0)
    assert await status_of(f"{url}/api/v1/toys/asked/ada") == 503
    [point] = await receiver.points("http.client.request.duration")
    assert point.attributes["error.type"] == "unavailable"
    assert point.attributes["url.template"] == "/api/v1/toys/hello/{name}"
    await receiver.points("chassis.upstream.circuit.open", lambda points: points and points[0].value == 1)


async def test_reports_used_connections_pending_requests_and_timeouts_of_the_pool(url: str, receiver: Receiver) -> None:
    async with aiohttp.ClientSession() as client, client.get(f"{url}/api/v1/toys/occupied") as holding:
        assert holding.status == 200
        assert await holding.content.readany() == b"held"
        await receiver.points(
            "db.client.connection.count",
            lambda points: any(
                each.value == 1 and each.attributes["db.client.connection.state"] == "used" for each in points
            ),
        )
        assert await status_of(f"{url}/api/v1/toys/statements/1") == 503
    about_database = {"chassis.queue.name": "database"}
    for name in ("chassis.queue.refused", "chassis.queue.wait_time"):
        await receiver.points(
            name, lambda points: [each for each in points if each.value == 1 and each.attributes == about_database]
        )
    await receiver.points("chassis.queue.used", lambda points: all(each.value == 0 for each in points))


async def test_every_metric_has_its_name_and_unit(url: str, receiver: Receiver) -> None:
    await status_of(f"{url}/health/live")
    for name in ALL:
        if name not in {"chassis.queue.wait_time", "http.client.request.duration"}:  # of events that did not occur
            await receiver.points(name)
    assert receiver.units == {name: ALL[name] for name in receiver.units}


async def test_each_worker_exports_its_own_metrics(tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with receiving() as receiver:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "WEB_CONCURRENCY": "2"}
        async with watched(log, **environment) as (_, url):
            await workers_of(log, 2)
            for _ in range(6):
                await status_of(f"{url}/api/v1/toys/hello/ada")
            counts = await receiver.points(
                "chassis.queue.limit", lambda points: len({each.instance for each in points}) == 2
            )
            assert len({each.instance for each in counts}) == 2
            await receiver.points(
                "http.server.request.duration", lambda points: sum(each.value for each in points) == 6
            )
            await receiver.spans_of("GET /api/v1/toys/hello/{name}", 6)
