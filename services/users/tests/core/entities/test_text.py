"""Text is trimmed, normalised, visible, on one line, and of limited length."""

# ruff: noqa: RUF001 - similar letters of several scripts

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from users_service.core.entities.text import clean
from users_service.core.errors import InvalidValue

MAXIMUM = 10

any_text = st.text(st.characters(), max_size=12)
decomposed_text = st.text(max_size=12).map(lambda text: unicodedata.normalize("NFD", text))


def clean_or_none(value: str) -> str | None:
    try:
        return clean(value, field="note", maximum=MAXIMUM)
    except InvalidValue:
        return None


@given(any_text | decomposed_text)
def test_cleaning_twice_equals_cleaning_once(value: str) -> None:
    once = clean_or_none(value)
    assert once is None or clean_or_none(once) == once


@given(any_text | decomposed_text)
def test_cleaned_text_is_trimmed_normalised_encodable_and_limited(value: str) -> None:
    cleaned = clean_or_none(value)
    if cleaned is not None:
        assert cleaned == cleaned.strip()
        assert unicodedata.is_normalized("NFC", cleaned)
        assert 1 <= len(cleaned) <= MAXIMUM
        assert cleaned.encode()
        assert not {unicodedata.category(character) for character in cleaned} & {"Cc", "Cs", "Zl", "Zp"}


@given(st.text(max_size=MAXIMUM * 5))
def test_length_is_counted_after_normalisation(value: str) -> None:
    """The early check of long texts never refuses one that fits after composition."""
    if len(unicodedata.normalize("NFC", value.strip())) > MAXIMUM:
        assert clean_or_none(value) is None
    decomposed = "\u1fa7" * MAXIMUM  # the longest canonical decomposition: four code points
    assert clean_or_none(unicodedata.normalize("NFD", decomposed)) == decomposed


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        ("  a friend \r\n\t", "a friend"),
        ("\u3000ふり\u00a0", "ふり"),
        ("Cafe\u0301", "Café"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("1" * MAXIMUM, "1" * MAXIMUM),
        ("X", "X"),
    ],
)
def test_accepts_and_cleans_text(value: str, cleaned: str) -> None:
    assert clean(value, field="note", maximum=MAXIMUM) == cleaned


@pytest.mark.parametrize("code", range(128))
def test_refuses_exactly_the_control_characters_of_ascii(code: int) -> None:
    expected = f"a{chr(code)}b" if chr(code).isprintable() else None
    assert clean_or_none(f"a{chr(code)}b") == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param("", "must have 1 to 10 characters", id="empty"),
        pytest.param(" \t\n\u2028\u3000", "must have 1 to 10 characters", id="whitespace"),
        pytest.param("1" * 11, "must have 1 to 10 characters", id="too long"),
        pytest.param("1" * 41, "must have 1 to 10 characters", id="much too long"),
        pytest.param("\u200d\u200b\u2060", "must not be blank", id="zero width"),
        pytest.param("\u3164\u2800", "must not be blank", id="fillers"),
        pytest.param("\u0301", "must not be blank", id="a lone mark"),
    ],
)
def test_refuses_invisible_empty_or_long_text(value: str, reason: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        clean(value, field="note", maximum=MAXIMUM)
    assert (caught.value.field, caught.value.reason) == ("note", reason)


@pytest.mark.parametrize(
    "character",
    [
        *("\x00", "\x1f", "\x7f", "\x85", "\n", "\t"),
        *("\u2028", "\u2029"),
        *("\u202a", "\u202e", "\u2066", "\u2069"),
        *("\ud800", "\udbff", "\udfff"),
        *("\ufdd0", "\ufffe", "\uffff", "\U0001fffe", "\U0010ffff"),
    ],
    ids=lambda character: f"U+{ord(character):04X}",
)
def test_refuses_forbidden_characters_within_a_text(character: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        clean(f"a{character}b", field="note", maximum=MAXIMUM)
    assert caught.value.reason == "must not contain control characters, line breaks or invalid Unicode"


def test_requires_a_minimum_length() -> None:
    with pytest.raises(InvalidValue, match="must have 4 to 10 characters"):
        clean("abc", field="note", minimum=4, maximum=MAXIMUM)


def test_refuses_a_megabyte_of_combining_marks_at_once() -> None:
    """Normalising it would block the whole process for many minutes."""
    started = time.process_time()
    assert clean_or_none("a" + "\u0301\u0316" * 500_000) is None
    assert time.process_time() - started < 5
