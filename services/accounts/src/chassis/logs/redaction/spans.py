"""Parts of a text that are to be masked."""

from collections.abc import Iterable
from typing import Final

MASK: Final = "[redacted]"

Span = tuple[int, int]
"""Where a part of a text begins, and where it has ended."""


def masked(text: str, spans: Iterable[Span]) -> str:
    """The text with a mask in the place of each part; parts may overlap and come in any order."""
    pieces, shown = [], 0
    for start, end in sorted(spans):
        if start >= shown:
            pieces += [text[shown:start], MASK]
        shown = max(shown, end)
    return "".join((*pieces, text[shown:]))
