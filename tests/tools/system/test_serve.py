"""The lifecycle of a running system: `serve` as a command."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from processes.stopping import INTERRUPTED, Stopped
from system import serve as serve_program
from system.service_folder import read_services

from ..programs import answer, is_gone, soon, started


def serve(folders: list[Path], *options: str) -> subprocess.Popen[str]:
    """Start the command next to the services, where it keeps its data."""
    command = [sys.executable, "-m", "system.serve", *map(str, folders), *options]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=folders[0].parent)


def lines_until_running(process: subprocess.Popen[str]) -> list[str]:
    lines: list[str] = []
    assert process.stdout
    while not lines or "Ctrl-C" not in lines[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1], process.communicate()[1]
    return lines


@contextlib.contextmanager
def served(folders: list[Path]) -> Iterator[subprocess.Popen[str]]:
    """Yield a running `serve`; kill it at the end if it is still running."""
    with serve(folders) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def running(folders: list[Path]) -> Iterator[subprocess.Popen[str]]:
    with served(folders) as process:
        yield process


def test_serve_prints_all_urls_and_stops_at_sigterm(
    folders: list[Path], running: subprocess.Popen[str], open_folder: Path
) -> None:
    lines = lines_until_running(running)
    state = json.loads((open_folder / ".allium/state.json").read_text())
    assert state["pid"] == running.pid
    variables = dict(line.split("=") for line in (open_folder / ".allium/database.env").read_text().splitlines())
    assert variables["POSTGRES_HOST"] == state["database"]["host"]
    assert variables["POSTGRES_PORT"] == str(state["database"]["port"])
    assert "POSTGRES_USER" not in variables, "each service must have its own"
    assert lines[0].startswith("Starting the services; ")
    assert sorted(lines[1:3]) == [
        f"{name} is ready: {state['services'][name]['url']}/api/docs\n" for name in ("friends", "users")
    ]
    assert (open_folder / ".allium/logs/users.log").exists()
    again = serve(folders).communicate()
    assert again[0] == ""
    message = r"Services already run on .* \(http.*, process \d+\)\. Stop them first, with Ctrl-C in their terminal\.\n"
    assert re.fullmatch(message, again[1])
    running.send_signal(signal.SIGTERM)
    assert running.communicate(timeout=60) == ("Stopped.\n", "")
    assert running.returncode == 0
    assert is_gone(str(open_folder))
    assert not (open_folder / ".allium/state.json").exists()
    assert not (open_folder / ".allium/database.env").exists()


def test_serve_shows_the_logs_and_keeps_those_of_the_last_run(
    folders: list[Path], running: subprocess.Popen[str], open_folder: Path
) -> None:
    lines_until_running(running)
    state = json.loads((open_folder / ".allium/state.json").read_text())
    answer(state["services"]["friends"]["url"], "SHOWN")
    assert running.stdout
    assert re.fullmatch(r'friends \| 127\.0\.0\.1 - - .* "GET /\?SHOWN HTTP/1\.1" 200 -\n', running.stdout.readline())
    running.send_signal(signal.SIGTERM)
    running.wait(timeout=60)
    with served(folders) as again:
        lines_until_running(again)
        assert "SHOWN" in (open_folder / ".allium/logs/previous/friends.log").read_text()
        assert "SHOWN" not in (open_folder / ".allium/logs/friends.log").read_text()


def test_reload_keeps_running_if_the_code_does_not_start(folders: list[Path]) -> None:
    with serve(folders, "--reload") as process:
        try:
            lines_until_running(process)
            main = folders[0] / "src/users_service/__main__.py"
            code = main.read_text()
            assert process.stdout
            main.write_text(code + "main(\n")
            lines = iter(process.stdout.readline, "")
            assert any("users   | SyntaxError" in line for line in lines)
            assert any(line.endswith("It waits for the next change.\n") for line in lines)
            main.write_text(code)
            assert any(line.startswith("users is ready again") for line in lines)
        finally:
            process.kill()


SLOW = """
import sys, time
from system import serve
def say(line, said=serve.say):
    said(line)
    time.sleep("Ctrl-C" in line)
serve.say = say
sys.exit(serve.main())
"""


def test_serve_shows_a_request_that_comes_as_soon_as_it_says_that_it_runs(
    folders: list[Path], open_folder: Path
) -> None:
    command = [sys.executable, "-c", SLOW, *map(str, folders)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folders[0].parent) as process:
        try:
            lines_until_running(process)
            state = json.loads((open_folder / ".allium/state.json").read_text())
            answer(state["services"]["friends"]["url"], "SHOWN")
            time.sleep(2)  # in which it shows what it has read
            process.terminate()
            assert process.stdout
            assert "SHOWN" in process.stdout.read()
        finally:
            process.kill()


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_killed_serve_leaves_nothing_running(
    folders: list[Path], running: subprocess.Popen[str], open_folder: Path
) -> None:
    lines_until_running(running)
    running.kill()
    assert soon(lambda: is_gone(str(open_folder)))
    assert soon(lambda: not any(listens(service.port) for service in read_services(folders)))
    assert not (open_folder / ".allium/state.json").exists()


def test_serve_stops_with_its_parent_if_requested(folders: list[Path], open_folder: Path) -> None:
    code = "import subprocess; print(flush=True); subprocess.run(sys.argv[2:], cwd=sys.argv[1])"
    command = [sys.executable, "-m", "system.serve", *map(str, folders), "--with-parent"]
    with started(code, str(folders[0]), *command) as (parent, _):
        assert soon((folders[0] / ".allium/state.json").exists)
        parent.kill()
        assert soon(lambda: is_gone(str(open_folder)))


def test_stops_everything_if_a_service_exits(
    folders: list[Path], open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_TROUBLE", "users:end")
    with served(folders) as process:
        lines_until_running(process)
        state = json.loads((open_folder / ".allium/state.json").read_text())
        with pytest.raises(http.client.RemoteDisconnected):
            answer(state["services"]["users"]["url"], "END")
        _, errors = process.communicate()
    assert process.returncode == 1
    assert errors.startswith(f"users ended (exit code 3); its log {open_folder}/.allium/logs/users.log ends:\n")
    assert "Traceback" not in errors
    assert is_gone(str(open_folder))


def test_reports_a_port_in_use_in_one_line(folders: list[Path]) -> None:
    port = read_services(folders)[1].port
    with socket.create_server(("127.0.0.1", port)):
        process = serve(folders)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"Port {port} (friends) is already in use by process {os.getpid()} (" in errors
    assert "Stop it, or choose others: `nox -s serve -- --ports free`." in errors
    assert errors.count("\n") == 1


def test_stops_if_interrupted_before_anything_has_started(
    folders: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_folder: Path) -> NoReturn:
        raise Stopped

    monkeypatch.setattr(serve_program, "snapshot", interrupted)
    monkeypatch.setattr(serve_program, "stop_on_signals", lambda: None)
    monkeypatch.setattr(sys, "argv", ["serve", *map(str, folders), "--reload"])
    monkeypatch.setenv("DRAIN_DELAY", "0")
    assert serve_program.main() == INTERRUPTED
    assert capsys.readouterr().out == "Stopped.\n"
