"""A collector that is away, refuses, or never answers costs no request anything, and the end a second at most."""

import asyncio
import sys
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web

from processes.ports import free_ports

from ..process.serving import lines
from ..sample_process import SERVICE_FOLDER, python_path
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


async def test_a_collector_in_trouble_costs_no_request_anything(tmp_path: Path) -> None:
    """Nor does the stop take more than a second for it, and all the trouble of a minute is one line."""
    log, port = tmp_path / "log", next(free_ports())
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    async with watched(log, **environment) as (process, url):
        await ask(url, 20)
        await until(lambda: trouble_in(log))  # nobody is there
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


async def test_the_end_sends_what_was_finished(tmp_path: Path) -> None:
    """Long before it would be sent otherwise."""
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


IMPORTS: Final = """
import sys
from sample_service.main import create_app
app = create_app()
import asyncio
async def main():
    async with app.router.lifespan_context(app):
        names = ("opentelemetry.sdk", "opentelemetry.exporter", "opentelemetry.proto", "google.protobuf", "requests")
        sys.exit(", ".join(sorted({name for name in names if name in sys.modules})))
asyncio.run(main())
"""


async def test_nothing_is_loaded_where_it_is_off() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", IMPORTS),
        cwd=SERVICE_FOLDER,
        env={"PYTHONPATH": python_path()},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert (process.returncode, said.decode()) == (1, "\n")
