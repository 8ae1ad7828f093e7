"""Shorten texts, values and lines: a log line has a maximum size in bytes."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from chassis.standard_output import MAX_LINE

from .redaction import MAX_DEPTH
from .row_values import described, without_row_values

MARK: Final = "…"  # replaces what is left out
MARGIN: Final = 4096  # characters; more than any secret that is masked by its value
LONGEST_NAME: Final = 256  # characters
LARGEST_INTEGER: Final = 1024  # bits; Python refuses to write out much longer ones

Redact = Callable[[str], str]


class _Limits(NamedTuple):
    """Limits for a line that is too long: characters of a text, items of a collection, and nesting."""

    characters: int
    items: int
    depth: int


# With the last limits any line fits: 24 fields with names and values of 33 characters, each escaped to 12 bytes.
_LIMITS: Final = (_Limits(8192, 1000, MAX_DEPTH), _Limits(1024, 100, 8), _Limits(256, 50, 3), _Limits(32, 24, 0))


def beginning(text: str, limit: int, redact: Redact) -> str:
    """Return at most `limit` characters of the redacted text, and a mark if there are more.

    Of a long text, only the beginning and a margin are redacted, so that no secret is cut in two and missed.
    """
    if len(text) <= limit + MARGIN:
        text = redact(text)
        return text if len(text) <= limit else text[:limit] + MARK
    return redact(text[: limit + MARGIN])[:-MARGIN][:limit] + MARK


class Excerpt:
    """Copies values as JSON, up to a total number of characters. Texts that are cut are also redacted."""

    def __init__(self, redact: Redact, room: int = MAX_LINE) -> None:
        self._redact = redact
        self._room = room

    def fields(self, values: Mapping[Any, object], depth: int = 0) -> dict[str, object]:
        """Return as many fields as there is room for."""
        taken: dict[str, object] = {}
        for name, value in values.items():
            if self._room <= 0:
                return taken | {MARK: MARK}
            text = self._text(name if isinstance(name, str) else described(name), LONGEST_NAME)
            taken[text] = self.value(value, depth + 1)
        return taken

    def value(self, value: object, depth: int = 0) -> object:
        """Return the value, or as much of it as there is room for."""
        self._room -= 8  # roughly the size without any text
        if isinstance(value, dict | list | tuple | set | frozenset):
            if depth >= MAX_DEPTH:
                return "[too deep]"
            return self.fields(value, depth) if isinstance(value, dict) else self._items(value, depth)
        if value is None or isinstance(value, float):
            return value
        if isinstance(value, int) and value.bit_length() <= LARGEST_INTEGER:
            return value
        return self._text(value if isinstance(value, str) else described(value), max(self._room, 0))

    def _items(self, values: list[object] | tuple[object, ...] | set[object] | frozenset[object], depth: int) -> object:
        taken: list[object] = []
        for value in values:
            if self._room <= 0:
                return [*taken, MARK]
            taken.append(self.value(value, depth + 1))
        return taken

    def _text(self, text: str, limit: int) -> str:
        text = without_row_values(text) if len(text) <= limit else beginning(text, limit, self._redact)
        self._room -= len(text)
        return text


def fitted(fields: dict[str, Any], encode: Callable[[dict[str, Any]], str]) -> str:
    """Return the encoded line, with its fields shortened until it fits."""
    line = encode(fields)
    for limits in _LIMITS:
        if _size(line) < MAX_LINE:
            break
        line = encode(_shortened_fields(fields, limits, limits.depth))
    return line


def _size(line: str) -> int:
    return len(line) if line.isascii() else len(line.encode("utf-8", "surrogatepass"))


def _shortened(value: object, limits: _Limits, depth: int) -> object:
    if isinstance(value, str):
        return both_ends(value, limits.characters)
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        return MARK
    if isinstance(value, dict):
        return _shortened_fields(value, limits, depth - 1)
    items = [_shortened(item, limits, depth - 1) for item in value[: limits.items]]
    return items if len(items) == len(value) else [*items, MARK]


def _shortened_fields(fields: dict[str, Any], limits: _Limits, depth: int) -> dict[str, object]:
    names = list(fields)[: limits.items]
    shortened = {both_ends(name, limits.characters): _shortened(fields[name], limits, depth) for name in names}
    return shortened if len(names) == len(fields) else shortened | {MARK: MARK}


def both_ends(text: str, limit: int) -> str:
    """Return at most `limit` characters from both ends, with a mark in between. The text must be redacted already."""
    return text if len(text) <= limit else text[: limit - limit // 2] + MARK + text[len(text) - limit // 2 :]
