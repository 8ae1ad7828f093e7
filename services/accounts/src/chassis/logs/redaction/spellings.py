"""Decode other notations of a text: percent encoding, escapes, entities, wide and invisible characters."""

import html
import re
from typing import Final
from unicodedata import is_normalized, normalize
from urllib.parse import unquote

# Soft hyphens, joiners, direction marks and variant selectors, which are invisible.
_INVISIBLE: Final = re.compile(
    r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]|\x1b(?:\[[\d;]*+[A-Za-z])?"
)
# Normalising takes quadratic time for a run of combining marks, so runs are split.
_RUN: Final = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]{1,256}")
_ESCAPE: Final = re.compile(r"""\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([nrt"'/\\]))""")
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t"}


def plain_letters(text: str) -> str:
    """Return the text in normal form (NFKC), without invisible characters."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    text = _INVISIBLE.sub("", text)
    return text if is_normalized("NFKC", text) else _RUN.sub(lambda run: normalize("NFKC", run[0]), text)


def aligned_fold(text: str) -> str:
    """Return the case-folded text of the same length. Characters that fold to several are kept."""
    folded = text.casefold()
    if len(folded) == len(text):
        return folded
    return "".join(each if len(each) == 1 else character for character in text for each in (character.casefold(),))


def without_one_layer(text: str) -> str:
    """Return the text with one layer of encoding removed, or unchanged if nothing is encoded.

    Only one encoding is removed at a time: an escape inside a percent-encoded text does not end a string yet.
    """
    plain = plain_letters(text)
    if "%" in plain and (decoded := unquote(plain)) != plain:
        return decoded
    if "&" in plain and ";" in plain and (decoded := html.unescape(plain)) != plain:
        return decoded
    return _ESCAPE.sub(_unescaped, plain) if "\\" in plain else plain


def _unescaped(escape: re.Match[str]) -> str:
    if code := escape[1] or escape[2]:
        return chr(int(code, 16))
    return _ESCAPED.get(escape[3], escape[3])
