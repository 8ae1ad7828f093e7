"""Limit the number of values and the depth of a JSON document, with a few fast scans before it is parsed.

Validation creates one error per invalid value or unknown name before any of them is reported. A megabyte can hold half
a million, which takes seconds and hundreds of megabytes of memory.
"""

from typing import Final

MAX_JSON_VALUES: Final = 10_000
"""Values in a document: objects, lists and everything in them. A router may allow more."""
MAX_JSON_DEPTH: Final = 32
"""How deeply objects and lists may be nested."""

_QUOTES_OF_A_VALUE: Final = 4  # at most: a named string
_ONE_KIND: Final = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


def beyond_json_bounds(document: bytes, max_values: int) -> str:
    """Return the limit that the document exceeds, to follow "Input should", or an empty string."""
    if _values(document) <= max_values and _opened(document) <= MAX_JSON_DEPTH:
        return ""  # nearly always: within the limits even if strings are counted as structure
    unescaped = document.replace(rb"\\", b"").replace(rb"\"", b"")
    if unescaped.count(b'"') <= _QUOTES_OF_A_VALUE * max_values:
        structure = b"".join(unescaped.split(b'"')[::2])  # everything outside of quotes
        if _values(structure) <= max_values:
            return f"be nested at most {MAX_JSON_DEPTH} deep" if _is_too_deep(structure) else ""
    return f"have at most {max_values} values"


def _values(structure: bytes) -> int:
    """Return an upper bound: the document, the first item of each list or object, and one per comma."""
    return 1 + _opened(structure) + structure.count(b",")


def _opened(structure: bytes) -> int:
    return structure.count(b"[") + structure.count(b"{")


def _is_too_deep(structure: bytes) -> bool:
    brackets = structure.translate(_ONE_KIND, _NO_BRACKETS)
    brackets = brackets[: 2 * brackets.count(b"[")]  # more closing than opening brackets is not JSON
    for _ in range(MAX_JSON_DEPTH):
        brackets = brackets.replace(b"[]", b"")  # removes the innermost level
    return b"[]" in brackets or len(brackets) > MAX_JSON_DEPTH
