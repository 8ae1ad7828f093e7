"""Displaying logs while they grow."""

import io
import json
from pathlib import Path

import pytest

from system.log_files import MOST_AT_ONCE, LogDisplay, keep_previous
from system.log_lines import Paint


def lines(line: str, _paint: Paint) -> list[str]:
    return [] if line == "secret" else [line]


def add(file: Path, text: str) -> None:
    with file.open("a") as log:
        log.write(text)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def logs(tmp_path: Path) -> dict[str, Path]:
    logs = {name: tmp_path / f"{name}.log" for name in ("users", "friends")}
    for file in logs.values():
        file.write_text("before\n")
    return logs


def display(logs: dict[str, Path], output: io.TextIOBase) -> LogDisplay:
    return LogDisplay({name: (file, lines) for name, file in logs.items()}, output)  # type: ignore[arg-type]  # a StringIO


def test_shows_new_lines_with_the_name_of_the_service(logs: dict[str, Path]) -> None:
    output = io.StringIO()
    shown = display(logs, output)
    add(logs["users"], "one\nsecret\ntw")
    add(logs["friends"], "three\n")
    shown.show_new()
    assert output.getvalue() == "users   | one\nfriends | three\n"
    add(logs["users"], "o\n")
    shown.show_new()
    assert output.getvalue().endswith("\nusers   | two\n")


def test_shows_lines_of_several_services_in_the_order_of_their_times(logs: dict[str, Path]) -> None:
    output = io.StringIO()
    shown = display(logs, output)

    def entry(seconds: int, text: str) -> str:
        return json.dumps({"level": "INFO", "timestamp": f"2026-11-26T12:00:{seconds:02}.000Z", "message": text}) + "\n"

    add(logs["users"], entry(1, "first") + "printed\n" + entry(3, "third") + entry(2, "late"))
    add(logs["friends"], entry(2, "second") + entry(4, "fourth"))
    shown.show_new()
    words = ["first", "printed", "second", "third", "late", "fourth"]
    assert [next(word for word in words if word in line) for line in output.getvalue().splitlines()] == words


def test_colours_names_only_on_a_terminal(logs: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    for no_color, coloured in (("", True), ("1", False)):
        monkeypatch.setenv("NO_COLOR", no_color)
        output = Terminal()
        shown = display(logs, output)
        add(logs["users"], "one\n")
        shown.show_new()
        assert ("\x1b[" in output.getvalue()) is coloured


def test_shows_only_the_end_of_many_new_lines(logs: dict[str, Path]) -> None:
    output = io.StringIO()
    shown = display(logs, output)
    add(logs["users"], "some line\n" * (MOST_AT_ONCE // 5) + "the last\n")
    shown.show_new()
    first, *others = output.getvalue().splitlines()
    assert first.endswith(f"bytes are left out here; see {logs['users']} …")
    assert set(others[:-1]) == {"users   | some line"}
    assert others[-1] == "users   | the last"


class Closed(io.StringIO):
    def flush(self) -> None:
        raise BrokenPipeError


def test_does_not_fail_if_the_output_is_closed(logs: dict[str, Path]) -> None:
    shown = display(logs, Closed())
    add(logs["users"], "one\n")
    shown.show_new()
    shown.show_new()


def test_keeps_the_logs_of_the_last_run(tmp_path: Path) -> None:
    for run in ("first", "second"):
        (tmp_path / f"{run}.log").write_text(run)
        keep_previous(tmp_path)
    keep_previous(tmp_path)
    assert [file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*.log")] == ["previous/second.log"]
