"""The rule for any text: trimmed, in Unicode normalisation form C (UAX #15), visible and on one line."""

import re
import unicodedata
from typing import Final

from ..errors import InvalidValue

# Unicode never changes these sets, so the rule does not depend on Python's Unicode version.
_CONTROLS: Final = r"\x00-\x1f\x7f-\x9f"
_LINE_BREAKS: Final = r"\u2028\u2029"
# Embeddings, overrides and isolates reorder the text around them (UAX #9), so that one text can look like another.
_BIDI_CONTROLS: Final = r"\u202a-\u202e\u2066-\u2069"
_SURROGATES: Final = r"\ud800-\udfff"
_NONCHARACTERS: Final = r"\ufdd0-\ufdef" + "".join(rf"\U{plane:04x}fffe\U{plane:04x}ffff" for plane in range(17))
_REFUSED: Final = re.compile(f"[{_CONTROLS}{_LINE_BREAKS}{_BIDI_CONTROLS}{_SURROGATES}{_NONCHARACTERS}]")

# Letters (Hangul fillers) and a symbol (Braille blank) that are invisible.
_BLANKS: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")

# No code point decomposes into more than four (UAX #15), so composing leaves at least a quarter of a text.
_MAX_COMPOSED: Final = 4


def clean(value: str, *, field: str, maximum: int, minimum: int = 1) -> str:
    """Return a text of `minimum` to `maximum` code points, trimmed and normalised. Raises InvalidValue.

    Joiners (U+200C, U+200D) are kept: names in Persian and Indic scripts need them. A cleaned text stays unchanged.
    """
    length = f"{minimum} to {maximum} characters"
    trimmed = value.strip()
    # Normalising a run of combining marks takes quadratic time, so refuse texts that are too long first.
    if len(trimmed) > maximum * _MAX_COMPOSED:
        raise InvalidValue(field, f"must have {length}")
    text = unicodedata.normalize("NFC", trimmed)
    if not minimum <= len(text) <= maximum:
        raise InvalidValue(field, f"must have {length}")
    if text and text.isascii() and text.isprintable():
        return text  # like most texts; not blank, since it is trimmed
    if _REFUSED.search(text):
        raise InvalidValue(field, "must not contain control characters, line breaks or invalid Unicode")
    if not any(is_visible(character) for character in text):
        raise InvalidValue(field, "must not be blank")
    return text


def is_visible(character: str) -> bool:
    """Return whether a character is visible by itself: a letter, number, punctuation or symbol, but not a filler."""
    return unicodedata.category(character)[0] in "LNPS" and character not in _BLANKS
