"""How the text of a variable is parsed, for each kind of field."""

import pytest
from pydantic import BaseModel, Field

from chassis.process import load_settings
from chassis.settings import Names

from ..sample_service.settings import Settings
from ..unusable_settings import unusable

pytestmark = pytest.mark.usefixtures("nothing_set")


class Smtp(BaseModel):
    host: str
    port: int = 25
    copies_to: list[str] = []


class Own(Settings):
    smtp: Smtp = Smtp(host="mail", port=587)
    words: list[str] = Field([])
    numbers: set[int] | None = None
    names: Names = frozenset()
    tables: list[dict[str, int]] = Field([])
    pairs: list[tuple[str, int]] = Field([], max_length=2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b", ["a", "b"]),
        (" a , b,,", ["a", "b"]),
        ("a", ["a"]),
        ("1", ["1"]),
        ('["a", "b"]', ["a", "b"]),
        (' ["a,b"] ', ["a,b"]),
        ("[::1],[::2]", ["[::1]", "[::2]"]),
        ("[]", []),
    ],
)
def test_parses_a_list_as_commas_or_json(text: str, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("WORDS", "NAMES", "SMTP__COPIES_TO"):
        monkeypatch.setenv(variable, text)
    own = load_settings(Own)
    assert own.words == own.smtp.copies_to == words
    assert own.names == set(words)


@pytest.mark.parametrize(("text", "numbers"), [("1,2", {1, 2}), ("[1, 2]", {1, 2}), ("3", {3}), ("null", None)])
def test_parses_an_optional_set_of_numbers(
    text: str, numbers: set[int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBERS", text)
    assert load_settings(Own).numbers == numbers


NEITHER = "is neither JSON nor a comma-separated list"


@pytest.mark.parametrize(
    ("variable", "text", "line"),
    [
        ("WORDS", '["a", "b"', f"WORDS: {NEITHER}"),
        ("WORDS", '"a","b"', f"WORDS: {NEITHER}"),
        ("NAMES", '["a", "b"', f"NAMES: {NEITHER}"),
        ("SMTP__COPIES_TO", '["a"', f"SMTP__COPIES_TO: {NEITHER}"),
        ("TABLES", "a,b", "TABLES: is not valid JSON"),
        ("PAIRS", "a,1", "PAIRS: is not valid JSON"),
        ("NAMES", "[1]", "NAMES: Input should be a valid string"),
    ],
)
def test_refuses_a_list_that_is_neither_commas_nor_json(
    variable: str, text: str, line: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(variable, text)
    assert unusable(caplog, Own) == [line]


def test_names_all_unreadable_variables_at_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for variable in ("TABLES", "PAIRS"):
        monkeypatch.setenv(variable, "{")
    assert unusable(caplog, Own) == ["TABLES: is not valid JSON", "PAIRS: is not valid JSON"]


def test_a_nested_variable_keeps_the_other_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP__HOST", "elsewhere")
    assert load_settings(Own).smtp == Smtp(host="elsewhere", port=587)


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("LOG_LEVEL", "warning", "WARNING"),
        ("LOG_FORMAT", "Console", "console"),
        ("LOG_BODIES", "OFF", "off"),
        ("ENVIRONMENT", "Development", "development"),
    ],
)
def test_accepts_enumerated_words_in_any_case(
    variable: str, text: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, text)
    assert getattr(load_settings(Settings), variable.lower()) == value
