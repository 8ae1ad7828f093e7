"""The formats of a log line: readable by machines or people, not forgeable, without secrets."""

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


# Control characters, line and paragraph separators, and characters that change the text direction.
STEERING = "\u200e\u200f" + "".join(
    character
    for character in map(chr, range(0x3000))
    if category(character) in {"Cc", "Zl", "Zp"} or bidirectional(character)[:2] in {"LR", "RL", "FS", "PD"}
)
HOSTILE = 'a\n{"level": "FORGED"}\r\n\x1b[2J' + STEERING + " z"


@pytest.mark.parametrize("line", [format_json, format_console])
def test_escapes_control_characters(line: Callable[..., str]) -> None:
    for text in (line("%s", HOSTILE), line("x", field=HOSTILE), line("x", **{HOSTILE: 1})):
        assert text.splitlines() == [text]
        assert not [character for character in text if not character.isprintable()]


@pytest.mark.parametrize("line", [format_json, format_console])
def test_escapes_each_control_character(line: Callable[..., str]) -> None:
    assert [character for character in STEERING if character in line(character)] == []


def test_shows_extra_fields() -> None:
    assert json.loads(format_json("x", answer=42))["answer"] == 42


def test_shows_an_exception_in_separate_fields() -> None:
    error = ValueError("It is full.")
    error.add_note("Look below.")
    line = json.loads(format_json("failed", exc_info=(ValueError, error, None)))
    assert [field for field in line.items() if field[0].startswith("exc")] == [
        ("exception.type", "ValueError"),
        ("exception.message", "It is full."),
        ("exception.stacktrace", "ValueError: It is full.\nLook below."),
    ]


def test_shows_utc_in_any_local_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "XXX-9")
        time.tzset()
        line = json.loads(format_json("x", created=0.25))
    time.tzset()
    assert line["timestamp"] == "1970-01-01T00:00:00.250Z"


def test_early_formatter_formats_a_record_without_an_exception() -> None:
    record = logging.makeLogRecord({"msg": "%d", "args": (1,), "levelname": "INFO", "name": "x"})
    line = json.loads(EarlyFormatter(IDENTITY).format(record))
    assert line.keys() == {"timestamp", "level", "logger", "message", "service", "version"}
    assert line["message"] == "1"


@pytest.mark.parametrize("line", [format_json, format_console])
def test_leaves_other_text_unchanged(line: Callable[..., str]) -> None:
    text = "é, имя, \xa0\u2010\u202f\u206a\u200d, 👩‍🔬"
    assert text in line(text)


def test_omits_the_coloured_message_of_uvicorn() -> None:
    """uvicorn adds the same message with colour codes."""
    assert "planted" not in format_json("message", color_message="planted")


def test_console_escapes_a_lone_surrogate() -> None:
    assert format_console("\ud800").endswith(" \\ud800  x")


def test_console_shows_the_request_id() -> None:
    def tell() -> tuple[RequestContext, str]:
        return begin_request(), format_console("message")

    request, line = copy_context().run(tell)
    assert line.endswith(f" message  x request_id={request.request_id}")


def test_console_indents_a_hostile_stack_trace() -> None:
    error = ValueError(HOSTILE)
    first, *others = format_console("failed", exc_info=(ValueError, error, None)).split("\n")
    assert first.endswith("failed  x")
    assert others
    assert all(other.startswith("    ") for other in others)


def test_console_keeps_the_lines_of_a_stack_trace() -> None:
    error = ValueError("It is full.")
    error.add_note("Look below.")
    _, *trace = format_console("failed", exc_info=(ValueError, error, None)).split("\n")
    assert trace == ["    ValueError: It is full.", "    Look below."]


def test_console_line_is_compact() -> None:
    repeated = {"http.request.method": "GET", "url.path": "/a", "http.route": "/a", "http.response.status_code": 200}
    line = format_console("GET /a 200", duration_ms=1.5, **repeated)
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} INFO     GET /a 200  x duration_ms=1\.5", line)


@pytest.mark.parametrize(
    ("level", "colour"),
    [("DEBUG", "2"), ("INFO", "32"), ("WARNING", "33"), ("ERROR", "31"), ("CRITICAL", "1;31"), ("Level 35", "0")],
)
def test_colours_the_level_on_a_terminal(monkeypatch: pytest.MonkeyPatch, level: str, colour: str) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    _, _, line = format_console("message", levelname=level).partition(" ")
    assert line == f"\x1b[{colour}m{level:<8}\x1b[0m message  \x1b[2mx\x1b[0m"


def test_does_not_redact_fields_again() -> None:
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
        (1_735_689_599.9996, "2024-12-31T23:59:59.999Z"),  # truncated, not rounded up into the next year
        (1_735_689_600.0625, "2025-01-01T00:00:00.062Z"),
    ],
)
def test_shows_the_time_in_utc_with_milliseconds(created: float, shown: str) -> None:
    assert json.loads(format_json("message", created=created))["timestamp"] == shown


def test_masks_secrets_in_fields_and_messages() -> None:
    fields = {"token": "planted", "url": "amqp://a:planted@b", "nested": {"secret": ["planted"]}}
    line = format_json("password=%s", "planted", **fields)
    assert "planted" not in line
    assert "planted" not in format_json({"password": "planted"})
    assert "planted" not in format_console("password=%s", "planted", token="planted")
