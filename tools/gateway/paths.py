"""Paths of OpenAPI as regular expressions for Traefik: exactly the spellings of a path that mean what it says.

Traefik compares after it has decoded everything but the reserved characters of RFC 3986 and removed `.` and `..`.
"""

import re
from string import ascii_letters, digits

PARAMETER = re.compile(r"\{[^{}]*\}")
RESERVED = ":/?#[]@!$&'()*+,;="
# A value is never empty. It has no slash, backslash, semicolon, question mark, hash or control character, in no
# spelling; a percent sign only before the codes of the other reserved characters.
VALUE = r"(?:[^/\\;?#%\x00-\x1f\x7f]|%(?:2[1467-9A-C]|3[AD]|40|5[BD]))+"


def expression(path: str, *, value: str = VALUE) -> str:
    """Return what matches the path, with `value` for each of its parameters."""
    return f"^{''.join(value if part is None else _literal(part) for part in _parts(path))}$"


def shape(path: str) -> str:
    """Return the path without the names of its parameters: two of one shape match the same requests."""
    return PARAMETER.sub("{}", path)


def priority(path: str) -> int:
    """Return a number that is greater the more literal a path is, decided by the first segment that differs."""
    return int("".join(str(2 - _looseness(segment)) for segment in _segments(path)), 3)


def overlap(one: str, other: str) -> bool:
    """Say whether a request can match both paths; segments that mix text and parameters are taken to match any text."""
    pairs = list(zip(_segments(one), _segments(other), strict=False))
    same_length = len(_segments(one)) == len(_segments(other))
    return same_length and all(left == right or _looseness(left) or _looseness(right) for left, right in pairs)


def is_within(narrow: str, wide: str) -> bool:
    """Say, of two paths that overlap, whether no segment of the first is looser than the second's."""
    pairs = zip(_segments(narrow), _segments(wide), strict=True)
    return all(_looseness(left) <= _looseness(right) for left, right in pairs)


def _segments(path: str) -> list[str]:
    return path.removeprefix("/").split("/")


def _looseness(segment: str) -> int:
    """0: text, 1: text and parameters, 2: one parameter."""
    if PARAMETER.fullmatch(segment):
        return 2
    return 1 if PARAMETER.search(segment) else 0


def _parts(path: str) -> list[str | None]:
    """Return the literal parts, and None for each parameter between them."""
    literals = PARAMETER.split(path)
    return [literals[0], *(part for literal in literals[1:] for part in (None, literal))]


def _literal(text: str) -> str:
    return "".join(_character(each) for each in text)


def _character(character: str) -> str:
    if character in f"{ascii_letters}{digits}/_-~":
        return character
    itself = f"\\x{ord(character):02x}" if character.isascii() else character
    # One that is reserved arrives as it was sent, and means the same either way.
    return f"(?:{itself}|%{ord(character):02X})" if character in RESERVED else itself
