"""Parts of a text to mask."""

from collections.abc import Iterable
from typing import Final

MASK: Final = "[redacted]"

Span = tuple[int, int]
"""Start and end of a part of a text."""


def masked(text: str, spans: Iterable[Span]) -> str:
    """Return the text with each part replaced by a mask. Parts may overlap and be in any order."""
    pieces, shown = [], 0
    for start, end in sorted(spans):
        if start >= shown:
            pieces += [text[shown:start], MASK]
        shown = max(shown, end)
    return "".join((*pieces, text[shown:]))
