"""How much a JSON document may hold. It is decided before the document is read, by a few fast scans.

Each value that is wrong becomes an error, and so does each name that is unknown; all are made before the first is told.
A megabyte may hold half a million of them, which is seconds of work and hundreds of megabytes of memory.
"""

from typing import Final

MAX_JSON_VALUES: Final = 10_000
"""Values of one document: objects, lists, and whatever they hold. A router may allow more."""
MAX_JSON_DEPTH: Final = 32
"""How many objects and lists may stand within each other."""

_QUOTES_OF_A_VALUE: Final = 4  # at most: a text that has a name
_ONE_KIND: Final = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


def beyond_json_bounds(document: bytes, max_values: int) -> str:
    """Why the document is too much, as the end of a sentence about it; empty if it is not."""
    if _values(document) <= max_values and _opened(document) <= MAX_JSON_DEPTH:
        return ""  # nearly always: texts are counted as if they were structure, and even so it is little
    unescaped = document.replace(rb"\\", b"").replace(rb"\"", b"")
    if unescaped.count(b'"') <= _QUOTES_OF_A_VALUE * max_values:
        structure = b"".join(unescaped.split(b'"')[::2])  # what stands outside of quotes
        if _values(structure) <= max_values:
            return f"be nested at most {MAX_JSON_DEPTH} deep" if _is_too_deep(structure) else ""
    return f"hold at most {max_values} values"


def _values(structure: bytes) -> int:
    """At least as many as there are: the first of each list or object, what follows a comma, and the document."""
    return 1 + _opened(structure) + structure.count(b",")


def _opened(structure: bytes) -> int:
    return structure.count(b"[") + structure.count(b"{")


def _is_too_deep(structure: bytes) -> bool:
    brackets = structure.translate(_ONE_KIND, _NO_BRACKETS)
    brackets = brackets[: 2 * brackets.count(b"[")]  # what closes more than was opened is no JSON
    for _ in range(MAX_JSON_DEPTH):
        brackets = brackets.replace(b"[]", b"")  # each time the innermost
    return b"[]" in brackets or len(brackets) > MAX_JSON_DEPTH
