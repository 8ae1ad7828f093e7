"""How a log line looks: it can be read by machines or people, cannot be forged, and holds no secret."""

import json
import logging
import re
import time
from collections.abc import Callable
from contextvars import copy_context
from unicodedata import bidirectional, category

import pytest

from chassis.early_logging import EarlyFormatter
from chassis.logs.formats import (
    ConsoleFormatter,
    JsonFormatter,
)
from chassis.logs.redaction import Redactor
from chassis.request_context import RequestContext, begin_request

from ..sample_service import IDENTITY


def format_json(message: object, *arguments: object, **extra: object) -> str:
    record = logging.makeLogRecord({"msg": message, "args": arguments, "levelname": "INFO", "name": "x", **extra})
    return JsonFormatter(IDENTITY, Redactor()).format(record)


def format_console(message: object, *arguments: object, **extra: object) -> str:
    record = logging.makeLogRecord({"msg": message, "args": arguments, "levelname": "INFO", "name": "x", **extra})
    return ConsoleFormatter(Redactor()).format(record)


# Control characters, ends of lines and paragraphs, and what turns the direction of writing.
STEERING = "\u200e\u200f" + "".join(
    character
    for character in map(chr, range(0x3000))
    if category(character) in {"Cc", "Zl", "Zp"} or bidirectional(character)[:2] in {"LR", "RL", "FS", "PD"}
)
HOSTILE = 'a\n{"level": "FORGED"}\r\n\x1b[2J' + STEERING + " z"


@pytest.mark.parametrize("line", [format_json, format_console])
def test_no_text_can_forge_a_line_or_steer_a_terminal(line: Callable[..., str]) -> None:
    for text in (line("%s", HOSTILE), line("x", field=HOSTILE), line("x", **{HOSTILE: 1})):
        assert text.splitlines() == [text]
        assert not [character for character in text if not character.isprintable()]


@pytest.mark.parametrize("line", [format_json, format_console])
def test_each_of_them_alone_is_escaped_too(line: Callable[..., str]) -> None:
    assert [character for character in STEERING if character in line(character)] == []


def test_tells_what_was_added_to_a_message() -> None:
    assert json.loads(format_json("x", answer=42))["answer"] == 42


def test_tells_an_exception_in_fields_of_its_own() -> None:
    error = ValueError("It is full.")
    error.add_note("Look below.")
    line = json.loads(format_json("failed", exc_info=(ValueError, error, None)))
    assert [field for field in line.items() if field[0].startswith("exc")] == [
        ("exception.type", "ValueError"),
        ("exception.message", "It is full."),
        ("exception.stacktrace", "ValueError: It is full.\nLook below."),
    ]


def test_times_are_in_utc_wherever_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "XXX-9")
        time.tzset()
        line = json.loads(format_json("x", created=0.25))
    time.tzset()
    assert line["timestamp"] == "1970-01-01T00:00:00.250Z"


def test_the_first_moment_has_lines_without_an_exception_too() -> None:
    record = logging.makeLogRecord({"msg": "%d", "args": (1,), "levelname": "INFO", "name": "x"})
    line = json.loads(EarlyFormatter(IDENTITY).format(record))
    assert line.keys() == {"timestamp", "level", "logger", "message", "service", "version"}
    assert line["message"] == "1"


@pytest.mark.parametrize("line", [format_json, format_console])
def test_other_text_stays_as_it_is(line: Callable[..., str]) -> None:
    text = "é, имя, \xa0\u2010\u202f\u206a\u200d, 👩‍🔬"
    assert text in line(text)


def test_the_same_message_is_not_told_twice() -> None:
    """uvicorn adds it with colours in it."""
    assert "planted" not in format_json("message", color_message="planted")


def test_a_lone_surrogate_is_shown_in_the_console_as_what_it_is() -> None:
    assert format_console("\ud800").endswith(" \\ud800  x")


def test_the_console_tells_which_request_it_was() -> None:
    def tell() -> tuple[RequestContext, str]:
        return begin_request(), format_console("message")

    request, line = copy_context().run(tell)
    assert line.endswith(f" message  x request_id={request.request_id}")


def test_a_stack_trace_stays_indented_in_the_console() -> None:
    error = ValueError(HOSTILE)
    first, *others = format_console("failed", exc_info=(ValueError, error, None)).split("\n")
    assert first.endswith("failed  x")
    assert others
    assert all(other.startswith("    ") for other in others)


def test_a_stack_trace_keeps_its_lines_in_the_console() -> None:
    error = ValueError("It is full.")
    error.add_note("Look below.")
    _, *trace = format_console("failed", exc_info=(ValueError, error, None)).split("\n")
    assert trace == ["    ValueError: It is full.", "    Look below."]


def test_the_console_is_pleasant_to_read() -> None:
    repeated = {"http.request.method": "GET", "url.path": "/a", "http.route": "/a", "http.response.status_code": 200}
    line = format_console("GET /a 200", duration_ms=1.5, **repeated)
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} INFO     GET /a 200  x duration_ms=1\.5", line)


@pytest.mark.parametrize(
    ("level", "colour"),
    [("DEBUG", "2"), ("INFO", "32"), ("WARNING", "33"), ("ERROR", "31"), ("CRITICAL", "1;31"), ("Level 35", "0")],
)
def test_a_terminal_shows_the_level_in_its_colour(monkeypatch: pytest.MonkeyPatch, level: str, colour: str) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    _, _, line = format_console("message", levelname=level).partition(" ")
    assert line == f"\x1b[{colour}m{level:<8}\x1b[0m message  \x1b[2mx\x1b[0m"


def test_what_holds_no_secret_any_more_is_shown_as_it_is() -> None:
    given = {"redacted_fields": {"a": 1}}
    assert format_console("PASSWORD: is empty", **given).endswith(" PASSWORD: is empty  x a=1")
    line = json.loads(format_json("PASSWORD: is empty", **given))
    del line["timestamp"]
    expected = {"level": "INFO", "logger": "x", "message": "PASSWORD: is empty", "a": 1}
    assert line == expected | {"service": IDENTITY.name, "version": IDENTITY.version}


@pytest.mark.parametrize(
    ("created", "shown"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1_735_689_599.9996, "2024-12-31T23:59:59.999Z"),  # cut, not rounded into the next year
        (1_735_689_600.0625, "2025-01-01T00:00:00.062Z"),
    ],
)
def test_the_time_of_a_line_is_in_utc_and_milliseconds(created: float, shown: str) -> None:
    assert json.loads(format_json("message", created=created))["timestamp"] == shown


def test_secrets_in_fields_and_messages_are_masked() -> None:
    fields = {"token": "planted", "url": "amqp://a:planted@b", "nested": {"secret": ["planted"]}}
    line = format_json("password=%s", "planted", **fields)
    assert "planted" not in line
    assert "planted" not in format_json({"password": "planted"})
    assert "planted" not in format_console("password=%s", "planted", token="planted")
