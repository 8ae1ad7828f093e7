"""Every log line is limited in bytes, complete, and says what happened, whatever was logged."""

import json
import logging
from typing import Any, NoReturn

import pytest

from chassis.early_logging import EarlyFormatter
from chassis.logs.excerpts import beginning
from chassis.logs.formats import ConsoleFormatter, JsonFormatter
from chassis.logs.redaction import Redactor
from chassis.standard_output import MAX_LINE

from ..sample_service import IDENTITY

LARGE = 10_000_000
SECRET = "planted-secret"
# Unescaped, escaped to six or two characters, of two and four bytes, a control character, and a lone surrogate.
CHARACTERS = ["a", "\x01", '"', "é", "\u2028", "𝄞", "\ud800"]


def deep(levels: int) -> object:
    value: object = "end"
    for _ in range(levels):
        value = [value, {"inner": value}]
    return value


def endless() -> object:
    value: list[object] = []
    value.append(value)
    return value


EXTRAS: dict[str, object] = {
    "a huge dict": {f"name{number}": number for number in range(500_000)},
    "a huge list": ["x"] * 1_000_000,
    "long names": {"n" * 100_000 + str(number): 1 for number in range(20)},
    "deep": deep(14),
    "endless": endless(),
    "many texts": {str(number): "\x01" * 1_000 for number in range(1_000)},
    "a set": set(range(100_000)),
    "a large integer": 10**100_000,
    "bytes": b"\xff" * LARGE,
    "an object": type("Broken", (), {"__str__": lambda _: 1 / 0, "__repr__": lambda _: 1 / 0})(),
    "keys that cannot be printed": {type("Broken", (), {"__str__": lambda _: 1 / 0})(): 1},
    "none": None,
}


def record(message: object, **further: Any) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": message, "levelname": "ERROR", "name": "x", **further})


def failure(text: str) -> BaseException:
    def fail(depth: int) -> NoReturn:
        if depth:
            fail(depth - 1)
        raise ValueError(text)

    try:
        fail(200)
    except ValueError as error:
        return error


def json_line(made: logging.LogRecord) -> dict[str, Any]:
    """Return the fields of the line, which must be a single line within the limit."""
    line = JsonFormatter(IDENTITY, Redactor(secret_values=[SECRET])).format(made)
    assert len(line.encode()) < MAX_LINE
    assert line.splitlines() == [line]
    fields: dict[str, Any] = json.loads(line)
    assert list(fields)[:6] == ["timestamp", "level", "logger", "message", "service", "version"]
    return fields


def console_line(made: logging.LogRecord) -> str:
    line = ConsoleFormatter(Redactor(secret_values=[SECRET])).format(made)
    assert len(line.encode()) < MAX_LINE
    return line


@pytest.mark.parametrize("character", CHARACTERS)
@pytest.mark.parametrize("length", [1_000, 5_000, 40_000, LARGE])
def test_truncates_a_long_message(character: str, length: int) -> None:
    made = record(character * length)
    message = json_line(made)["message"]
    assert message.count(character) == length or "…" in message
    assert message.count(character) > 1_000 - 1
    console_line(made)


@pytest.mark.parametrize("character", CHARACTERS)
def test_truncates_a_long_exception_message_but_keeps_the_stack_trace(character: str) -> None:
    error = failure(character * LARGE)
    made = record("failed", exc_info=(ValueError, error, error.__traceback__))
    fields = json_line(made)
    assert fields["message"] == "failed"
    assert fields["exception.type"] == "ValueError"
    assert fields["exception.stacktrace"].startswith("Traceback (most recent call last):\n")
    assert "in failure\n" in fields["exception.stacktrace"]
    assert "in failure" in console_line(made)


def test_truncates_a_long_exception_chain() -> None:
    error: BaseException = ValueError("first")
    for number in range(2_000):
        later = RuntimeError(f"number {number} " + "x" * 1_000)
        later.__cause__ = error
        error = later
    fields = json_line(record("failed", exc_info=(RuntimeError, error, None)))
    assert "number 1999 " in fields["exception.stacktrace"]


def test_shows_the_members_of_an_exception_group() -> None:
    group = ExceptionGroup("many", [ValueError(f"member {number} " + "x" * 9_000) for number in range(100)])
    fields = json_line(record("failed", exc_info=(ExceptionGroup, group, None)))
    assert "member 0 " in fields["exception.stacktrace"]


@pytest.mark.parametrize("extra", EXTRAS)
def test_truncates_extra_fields(extra: str) -> None:
    made = record("message", added=EXTRAS[extra])
    fields = json_line(made)
    assert fields["message"] == "message"
    assert "added" in fields
    console_line(made)


def test_limits_the_number_of_fields() -> None:
    fields = json_line(record("message", **{f"field{number}\x01": "\x01" * 20 for number in range(5_000)}))
    assert fields["…"] == "…"
    assert fields["message"] == "message"


@pytest.mark.parametrize("place", [0, 1, 7, 13])
def test_truncation_reveals_no_part_of_a_secret(place: int) -> None:
    """The text is cut in the middle of the secret."""
    for limit in (1_024, MAX_LINE):
        for before in (limit, limit + 4_096):
            text = "x" * (before - place) + SECRET + "y" * LARGE
            redact = Redactor(secret_values=[SECRET]).text
            assert "plan" not in beginning(text, limit, redact)
            for fields in (json_line(record(text)), json_line(record("message", added=[text]))):
                assert "plan" not in str(fields)


def test_short_masks_let_no_part_of_another_secret_in() -> None:
    text = (SECRET + " ") * 10_000
    for place in range(15):
        assert SECRET[:4] not in beginning("x" * place + text, 1_024, Redactor(secret_values=[SECRET]).text)


def test_limits_lines_before_logging_is_configured() -> None:
    error = failure("𝄞" * LARGE)
    line = EarlyFormatter(IDENTITY).format(record("\x01" * LARGE, exc_info=(ValueError, error, error.__traceback__)))
    assert len(line) < MAX_LINE
    assert json.loads(line)["exception.type"] == "ValueError"


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")

    def __repr__(self) -> str:
        raise RuntimeError("no representation")


class Evasive(Exception):
    def __getattribute__(self, name: str) -> object:
        if not name.startswith("__") or name == "__notes__":
            raise RuntimeError("no attributes")
        return super().__getattribute__(name)


@pytest.mark.parametrize("kind", [Unspeakable, Evasive])
@pytest.mark.parametrize("early", [True, False])
def test_shows_the_stack_trace_of_an_exception_that_cannot_be_printed(kind: type[Exception], early: bool) -> None:  # noqa: FBT001
    try:
        raise kind  # noqa: TRY301 - the trace is what this is about
    except kind as error:
        made = record("failed", exc_info=(kind, error, error.__traceback__))
    formatter = EarlyFormatter(IDENTITY) if early else JsonFormatter(IDENTITY, Redactor())
    fields = json.loads(formatter.format(made))
    assert fields["exception.type"].endswith(kind.__name__)
    assert "raise kind" in fields["exception.stacktrace"]
