"""The live view of `serve --watch`, and `trace`, at a terminal."""

import http.client
import io
import os
import re
import signal
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from rich.console import Console

from failures import SystemFailure
from system.collector import ENDPOINT, Collector
from system.watching import Watching

from ..programs import PATIENCE_SECONDS, answer
from ..terminal import at_terminal
from .telemetry import TRACE, access_line, sent_span, sent_value


def post(url: str, path: str, body: bytes) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request("POST", path, body)
    assert connection.getresponse().status == 200
    connection.close()


def words_after(name: str, text: str) -> list[str]:
    """Return the words after the last occurrence of a name, without control sequences."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text[text.rindex(name) + len(name) :]).split()


def test_watch_shows_requests_and_queues_and_trace_shows_one_request(folders: list[Path]) -> None:
    home = folders[0].parent
    log = home / ".allium/logs/users.log"
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    command = [sys.executable, "-m", "system.serve", *map(str, folders), "--watch"]
    with at_terminal(command, cwd=home, env=environment) as (process, terminal):
        said = terminal.read_until("Ctrl-C stops everything.")
        users = re.search(r"users is ready: (http://[\d.:]+)/", said)
        assert users
        collector = answer(users[1], ENDPOINT)
        with log.open("a") as file:
            file.write(access_line() + access_line(**{"http.response.status_code": 500, "level": "ERROR"}))
            file.write(access_line(logger="chassis", level="WARNING", message="something is \x1b[31mslow"))
        for metric, value in (("limit", 10), ("used", 7), ("waiting", 3), ("refused", 41)):
            post(collector, "/v1/metrics", sent_value(f"chassis.queue.{metric}", value, chassis_queue_name="database"))
        about = {"chassis_upstream_name": "friends"}
        post(collector, "/v1/metrics", sent_value("chassis.upstream.circuit.open", 1, **about))
        post(collector, "/v1/traces", sent_span("SELECT users"))
        text = terminal.read_until("41")
        route = words_after("GET /api/v1/users/{user_id}", text)
        assert route[:4] == ["0.2", "12.5", "12.5", "1"], "two requests in ten seconds, one of which failed"
        assert words_after("database", text) == ["7", "10", "3", "41"]
        terminal.read_until("circuit to friends open")
        terminal.read_until(r"users: WARNING something is \x1b[31mslow")
        tracing = [sys.executable, "-m", "system.trace", "--data", ".allium", "request-of-ada"]
        with at_terminal(tracing, cwd=home, env=environment) as (shown, other):
            other.read_until("SELECT users")
            assert shown.wait(PATIENCE_SECONDS) == 0
        process.send_signal(signal.SIGINT)
        terminal.read_until("\x1b[?1049l")  # the previous screen is restored
        terminal.read_until("Stopped.")
        assert process.wait(PATIENCE_SECONDS) == 0
    assert TRACE in (home / ".allium/logs/spans.log").read_text()


def test_watch_needs_a_terminal() -> None:
    with pytest.raises(SystemFailure, match="needs a terminal"):
        Watching({}, None, Console(file=io.StringIO()))


def test_watch_ignores_malformed_lines(tmp_path: Path) -> None:
    """A service may print anything, and the system must keep running."""
    log = tmp_path / "users.log"
    log.touch()
    watching = Watching({"users": log}, None, Console(file=io.StringIO(), width=120, force_terminal=True))
    odd = ("5", "null", "[1]", '"text"', '{"level": []}', '{"level": "ERROR"}', '{"logger": "access"}', "[" * 100_000)
    with log.open("a") as file:
        file.writelines(f"{each}\n" for each in odd)
        file.write(access_line(**{"http.response.status_code": "x"}) + access_line(duration_ms=None) + access_line())
    watching.read()
    console = Console(file=io.StringIO(), width=120)
    console.print(watching.view())
    assert isinstance(console.file, io.StringIO)
    assert words_after("GET /api/v1/users/{user_id}", console.file.getvalue())[:2] == ["0.1", "12.5"]


def test_watch_shows_any_metric_name(tmp_path: Path) -> None:
    """The sender chooses the names of metrics."""
    with Collector(tmp_path / "spans.log") as collector:
        for about in ({}, {"chassis_queue_name": "[/red]\x1b[2J"}):
            collector.take("/v1/metrics", sent_value("chassis.queue.used", 7, **about))
            collector.take("/v1/metrics", sent_value("chassis.upstream.circuit.open", 1))
        console = Console(file=io.StringIO(), width=120, force_terminal=True)
        console.print(Watching({}, collector, console).view())
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert words_after(r"[/red]\x1b[2J", text)[:4] == ["7", "0", "0", "0"]
    assert "circuit to None open" in text
