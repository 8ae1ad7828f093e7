"""Mask secrets by their format: PEM keys, passwords in URLs, tokens, numbers of payment cards."""

import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Final

from .spans import MASK, Span, masked

_PEM_BEGIN: Final = re.compile(r"-{4,5}[ +]?BEGIN[^-]{1,64}-{4,5}")
_PEM_END: Final = re.compile(r"-{4,5}[ +]?END[^-]{1,64}-{4,5}")
_RUN: Final = re.compile(r'[^\s"<>]++')
_USER: Final = re.compile(r"://[^\s:/?#@\[\]]{0,256}+:")
_PORT: Final = re.compile(r"\d{1,5}(?![^/?#,;'&)\]}])")
_WEB_SCHEMES: Final = ("http", "https", "ws", "wss")  # others have no `@` after a port
_JWT: Final = re.compile(r"(?P<token>eyJ[\w-]{12,}+(?:(?:\.[\w-]*+){1,4}+|\Z))|eyJ[\w-]*+")
_BEARER: Final = re.compile(r"(bearer\s++)[\w.~+/=-]+", re.IGNORECASE)
_BASIC: Final = re.compile(r"(basic\s++)([A-Za-z0-9+/_-]{4,4096}={0,2})", re.IGNORECASE)
# Numbers of issuers begin with 3 to 6 or 22 to 27, which excludes dates and Unix times. What must not come before is
# checked after the first digit: the search is much faster for a pattern that begins with a set of characters.
_CARD: Final = re.compile(
    r"[2-6](?<![^\W_].)(?<![.+].)(?:(?<!2)\d|[2-7])"
    r"(?:\d{11,17}|\d{2}(?:\d{2})?(?P<by>[ +._-])\d{3,13}(?:(?P=by)\d{3,7}){0,3})(?![^\W_])(?!\.\d)"
)
_DIGITS_OF_A_CARD: Final = range(13, 20)
_CARD_NUMBERS: Final = range(10**12, 10**19)


def mask_unnamed(text: str) -> str:
    """Return the text with keys, passwords and tokens masked, but not the rest of a URL or line."""
    if "BEGIN" in text:
        text = masked(text, _pem_blocks(text))
    if "://" in text and "@" in text:
        text = masked(text, _passwords_in_urls(text))
    return _JWT.sub(lambda found: MASK if found["token"] else found[0], text) if "eyJ" in text else text


def mask_credentials(text: str, folded: str) -> str:
    """Return the text with what follows `Bearer` or `Basic` masked, even without the name of a header."""
    if "bearer" in folded:
        text = _BEARER.sub(rf"\1{MASK}", text)
    return _BASIC.sub(_without_password, text) if "basic" in folded else text


def mask_cards(text: str) -> str:
    """Return the text with card numbers masked: 13 to 19 digits, grouped or not, with a valid check digit."""
    return _CARD.sub(_without_card, text)


def is_card(number: int) -> bool:
    """Return whether an integer is the number of a payment card."""
    return number in _CARD_NUMBERS and mask_cards(str(number)) == MASK


def _without_password(found: re.Match[str]) -> str:
    try:
        decoded = b64decode(found[2], altchars=b"-_" if "-" in found[2] or "_" in found[2] else None)
    except ValueError:
        return found[0]  # a word, as in "basic authentication"
    return f"{found[1]}{MASK}" if b":" in decoded else found[0]


def _without_card(found: re.Match[str]) -> str:
    digits = [int(digit) for digit in found[0] if digit.isdigit()]
    return MASK if len(digits) in _DIGITS_OF_A_CARD and _luhn(digits) else found[0]


def _luhn(digits: list[int]) -> bool:
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _pem_blocks(text: str) -> Iterator[Span]:
    """Yield blocks from their first to their last line. A block without an end extends to the end of the text."""
    at = 0
    while begin := _PEM_BEGIN.search(text, at):
        end = _PEM_END.search(text, begin.end())
        at = end.end() if end else len(text)
        yield begin.start(), at


def _passwords_in_urls(text: str) -> Iterator[Span]:
    """Yield passwords, which may contain `/`, `:` and `@`: from the first colon to the last `@` of a run."""
    for run in _RUN.finditer(text):
        end, at = text.rfind("@", *run.span()), run.start()
        while user := _USER.search(text, at, max(at, end)):
            at = user.end()
            scheme = text[max(0, user.start() - 5) : user.start()].lower()
            if not (scheme.endswith(_WEB_SCHEMES) and _PORT.match(text, at)):
                yield at, end
                break
