"""Find text between quotes or brackets."""

import re
from typing import Final

from .spans import Span

_QUOTE: Final = re.compile(r"""(\\*+)(["'`])""")
_CLOSING: Final = {mark: re.compile(rf"(?<!\\)(\\*+){mark}") for mark in "\"'`"}
_CLOSED: Final = re.compile(r"""[\s,:;}\])]{0,64}+(?:["`{\[]|'(?!\w)|\Z)""")
_BRACKET_OR_QUOTE: Final = re.compile(r"""[\[\](){}]|(?<!\\)\\*+["'`]""")
OPENING: Final = "([{"
"""Opening brackets."""


def quoted_at(text: str, at: int) -> tuple[Span, int] | None:
    """Return the span between quotes, and the end after the closing quote, or None if there is no quote.

    The quotes may be escaped, as in JSON within JSON. Without a closing quote, the span is the rest of the text.
    """
    opening = _QUOTE.match(text, at)
    if not opening:
        return None
    mark, level, start = opening[2], len(opening[1]), opening.end()
    if not level and text.startswith(mark * 2, start):
        end = text.find(mark * 3, start + 2)
        return ((start + 2, end), end + 3) if end >= 0 else ((start + 2, len(text)), len(text))
    for closing in _CLOSING[mark].finditer(text, start):
        more = len(closing[1]) - level
        if more < 0:
            return (start, closing.start()), closing.start()
        # Two backslashes are one before the end or, in a Python string, one that escapes this quote.
        if more == 0 or (more % (2 * (level + 1)) == 0 and _CLOSED.match(text, closing.end())):
            return (start, closing.end() - level - 1), closing.end()
    return (start, len(text)), len(text)


def group_end(text: str, at: int) -> int:
    """Return the end of the bracket at this place, or of the text if it is not closed."""
    depth = 0
    while found := _BRACKET_OR_QUOTE.search(text, at):
        at = found.end()
        if found[0] in OPENING:
            depth += 1
        elif found[0] in ")]}":
            depth -= 1
            if not depth:
                return at
        elif not _is_apostrophe(text, found) and (quoted := quoted_at(text, found.start())):
            at = quoted[1]
    return len(text)


def _is_apostrophe(text: str, quote: re.Match[str]) -> bool:
    before, after = text[quote.start() - 1], text[quote.end() : quote.end() + 1]
    return before.isalnum() and before not in "bBfFrRuU" and after.isalnum()
