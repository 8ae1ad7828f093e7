"""A collector that is down, refuses or hangs delays no request, and shutdown by at most a second."""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
import requests
from aiohttp import web

from chassis.telemetry.trouble import TroubleHandler
from processes.ports import free_ports

from ..process.serving import lines
from .conftest import stop, watched
from .receiver import receiving, until

STOP_SECONDS: Final = 4
"""What it may take in a test: one for the collector, the rest for a busy machine."""


async def ask(url: str, times: int = 1) -> None:
    async with aiohttp.ClientSession() as client:
        for _ in range(times):
            async with client.get(f"{url}/api/v1/toys/hello/ada") as response:
                assert response.status == 200


async def hang() -> web.StreamResponse:
    await asyncio.sleep(3_600)
    return web.Response()


async def refuse() -> web.StreamResponse:
    return web.Response(status=503)


async def reject() -> web.StreamResponse:
    return web.Response(status=401)


async def test_failing_collector_delays_no_request(tmp_path: Path) -> None:
    """Nor does shutdown take a second longer; all failures within a minute become one log line."""
    log, port = tmp_path / "log", next(free_ports())
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    async with watched(log, **environment) as (process, url):
        await ask(url, 20)
        await until(lambda: trouble_in(log))  # no collector is running
        async with receiving(port) as receiver:
            for receiver.answer in (reject, refuse, hang):
                receiver.calls = 0
                await ask(url, 20)
                await until(lambda: receiver.calls > 1)
            assert await stop(process) < STOP_SECONDS
    complaints = [line for line in lines(log) if line["level"] in {"WARNING", "ERROR", "CRITICAL"}]
    assert {line["logger"] for line in complaints} <= {"chassis.telemetry.trouble", "chassis.telemetry.export"}
    assert len(trouble_in(log)) == 1
    assert not any("exception.stacktrace" in line for line in complaints)


def trouble_in(log: Path) -> list[dict[str, Any]]:
    return [line for line in lines(log) if line["logger"] == "chassis.telemetry.trouble"]


async def test_limits_the_collector_response_and_logs_no_secrets(tmp_path: Path) -> None:
    """An endless response is not read to its end, and one that is not HTTP does not fill the log."""
    log, collector = tmp_path / "log", EndlessCollector()
    async with await asyncio.start_server(collector.answer, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        headers = "x-honeycomb-team: planted-key"  # malformed: the format is `name=value`
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "OTEL_EXPORTER_OTLP_HEADERS": headers}
        async with watched(log, **environment) as (process, url):
            await ask(url, 20)
            await until(lambda: collector.ended > 1)
            assert collector.most_bytes < ENDLESS
            collector.is_endless = False
            await until(lambda: collector.ended > 5)
            await stop(process)
    assert "planted-key" not in log.read_text()
    assert len(trouble_in(log)) == 1
    assert not [line for line in lines(log) if line["logger"].startswith("urllib3")]


ENDLESS: Final = 64 * 1024 * 1024


class EndlessCollector:
    """A collector that sends an endless response or half a header on each connection."""

    def __init__(self) -> None:
        self.is_endless = True
        self.ended = self.most_bytes = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Ty")
            if self.is_endless:
                await self._go_on(writer)
            writer.close()
            await reader.read()
            await writer.wait_closed()
        self.ended += 1

    async def _go_on(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"pe: text/html\r\n\r\n")
        sent = 0
        while sent < ENDLESS:
            sent += 65_536
            self.most_bytes = max(self.most_bytes, sent)
            writer.write(bytes(65_536))
            await writer.drain()


async def test_export_error_is_short_and_contains_no_headers(caplog: pytest.LogCaptureFixture) -> None:
    for complaint in (requests.exceptions.InvalidHeader("header value: 'planted-key\\n'"), "x" * 10_000):
        values = ("spans", None, complaint)
        text = "Failed to export %s batch code: %s, reason: %s"
        TroubleHandler().handle(logging.LogRecord("opentelemetry", logging.ERROR, "", 0, text, values, None))
    first, second = caplog.messages
    assert first == "telemetry: OTEL_EXPORTER_OTLP_HEADERS has an invalid header"
    assert len(second) < 600


async def test_shutdown_exports_finished_spans(tmp_path: Path) -> None:
    """Long before the next regular export."""
    never = {"OTEL_BSP_SCHEDULE_DELAY": "3600000", "OTEL_METRIC_EXPORT_INTERVAL": "3600000"}
    async with receiving() as receiver:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, **never}
        async with watched(tmp_path / "log", **environment) as (process, url):
            await ask(url, 3)
            assert not receiver.calls
            await stop(process)
        assert len(await receiver.spans_of("GET /api/v1/toys/hello/{name}", 3)) == 3
        [point] = await receiver.points("http.server.request.duration")
        assert point.value == 3


async def test_logs_invalid_otel_variables_and_exports_the_rest(tmp_path: Path) -> None:
    log = tmp_path / "log"
    odd = {"OTEL_METRIC_EXPORT_INTERVAL": "-1", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    async with receiving() as receiver, watched(log, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url, **odd) as (_, url):
        await ask(url)
        await receiver.spans_of("GET /api/v1/toys/hello/{name}")
    complaints = [line["message"] for line in lines(log) if line["logger"] == "chassis.telemetry.export"]
    assert complaints == [
        "metrics are off: interval value -1.0 is invalid and needs to be larger than zero.",
        "OTEL_EXPORTER_OTLP_PROTOCOL=grpc is not supported; using http/protobuf",
    ]
