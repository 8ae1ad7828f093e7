"""Showing one request from the spans and logs of a run."""

import io
import json
import time
from pathlib import Path

import pytest
from rich.console import Console

from failures import SystemFailure
from system.spans_file import add_spans
from system.trace import output, show

from .telemetry import TRACE, access_line, span


def shown(data: Path, wanted: str | None, *, width: int = 120) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    show(console, data / "logs", wanted)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines() if line.strip()]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    logs = tmp_path / "logs"
    (logs / "previous").mkdir(parents=True)
    (logs / "users.log").write_text(
        "no JSON\n"
        + access_line()
        + access_line(
            logger="chassis", level="WARNING", message="trying \x1b[31m again", timestamp="2026-11-26T12:00:01Z"
        )
    )
    (logs / "gateway.log").write_text('{"level":"info"}\n')
    return tmp_path


def test_shows_spans_below_their_parents(data: Path) -> None:
    spans = [
        span("SELECT users", "c", "b", after=4, ms=4),
        span("GET /api/v1/users/{user_id}", "b", "a", after=2, ms=8),
        span("GET", "a", service="gateway", ms=10),
        span("of another trace", "z") | {"trace_id": "f" * 32},
    ]
    add_spans(data / "logs/spans.log", spans)
    for wanted in ("request-of-ada", TRACE):
        header, *rows, warning = shown(data, wanted)
        assert header.split() == ["service", "what", "ms", "0", "…", "10.0", "ms"]
        assert [row.partition(" 0.0")[0].split("  ")[0] for row in rows] == ["gateway", "users", "users"]
        assert [row.index("━") > row.index(name) for row, name in zip(rows, ("GET", "GET", "SELECT"), strict=True)]
        starts = [row.index("━") for row in rows]
        assert [start - starts[0] for start in starts] == [0, 8, 16]
        assert [row.count("━") for row in rows] == [40, 32, 16]
        assert rows[1].index("GET") < rows[2].index("SELECT")
        assert warning == r"users: WARNING trying \x1b[31m again"


def test_does_not_wrap_lines_for_other_programs(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)  # readline sets it in pytest's processes
    path = "/api/v1/" + "a" * 200
    add_spans(data / "logs/spans.log", [span(f"GET {path}", "a", ms=10)])
    show(output(), data / "logs", TRACE)
    assert f"GET {path}" in capsys.readouterr().out


def test_shows_the_path_of_a_request_without_a_route(data: Path) -> None:
    about = {"http.request.method": "GET", "url.path": "/api/v1/users", "http.response.status_code": 401}
    add_spans(data / "logs/spans.log", [span("GET", "a", ms=1) | {"attributes": about}])
    _, row, _ = shown(data, TRACE)
    assert row.split()[:4] == ["users", "GET", "/api/v1/users", "401"]


def test_shows_access_lines_without_spans(data: Path) -> None:
    _, row, _ = shown(data, "request-of-ada")
    assert row.split()[:5] == ["users", "GET", "/api/v1/users/{user_id}", "200", "12.5"]


def test_lists_the_latest_requests(data: Path) -> None:
    add_spans(data / "logs/spans.log", [span("GET", "a", service="gateway", ms=13)])
    header, row = shown(data, None)
    assert header.split() == ["request", "status", "ms", "what"]
    assert row.split() == ["request-of-ada", "13.0", "GET", "/api/v1/users/ada"]


def test_does_not_break_the_id_of_a_request_in_the_list(data: Path) -> None:
    identifier = "01a218f8-daca-7613-8510-bd2227aaf23f"
    line = json.loads(access_line()) | {"request_id": identifier, "url.path": "/api/v1/users/" + "a" * 200}
    (data / "logs/users.log").write_text(json.dumps(line) + "\n")
    add_spans(data / "logs/spans.log", [span("GET", "a", service="gateway", ms=13)])
    assert identifier in " ".join(shown(data, None, width=80)).split()


def test_finds_a_request_of_the_previous_run(data: Path) -> None:
    (data / "logs/users.log").rename(data / "logs/previous/users.log")
    assert shown(data, "request-of-ada")


def test_explains_what_is_missing(data: Path) -> None:
    with pytest.raises(SystemFailure, match=r" has nothing about other\. "):
        shown(data, "other")


def test_ignores_malformed_lines(data: Path) -> None:
    """Such as output of a program, or a line that was cut off when a service was killed."""
    add_spans(data / "logs/spans.log", [span("GET", "a", service="gateway")])
    with (data / "logs/spans.log").open("a") as file:
        file.write('{"service": "us')
    with (data / "logs/users.log").open("a") as file:
        file.write(f'{{"trace_id": "{TRACE}", "level": "INFO"}}\n')
        file.write(access_line(timestamp="yesterday") + access_line(timestamp="2026-11-26"))
        file.write(access_line(duration_ms=None) + access_line(service=None) + '{"a":' * 100_000)
    assert len(shown(data, None)) == 2
    assert len(shown(data, "request-of-ada")) == 3


def test_shows_a_trace_of_very_many_requests(data: Path) -> None:
    """As if somebody sent the same `traceparent` with each request."""
    add_spans(data / "logs/spans.log", [span("GET", f"{number:x}", "e" * 16) for number in range(3_000)])
    began = time.monotonic()
    assert len(shown(data, TRACE)) > 3_000
    assert time.monotonic() - began < 30
