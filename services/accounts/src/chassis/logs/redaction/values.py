"""Where the value of a field is in a text: a quoted one, a list, an object, a word, a line or an indented block.

Every pattern takes what it has matched for good (possessively) or is bounded, and what a value takes is not looked at
again, so the time grows with the length of the text and no faster.
"""

import re
from typing import Final

from .quotes import OPENING, group_end, quoted_at
from .spans import Span

_BLANKS: Final = re.compile(r"(?:\s|\\[nrt\n])*+")
_PREFIXED: Final = re.compile(r"""[bBfFrRuU]{1,2}(?=\\*+["'])""")
_END: Final = re.compile(r"""[\s,;)\]}>&\\"'`]|\Z""")
# What follows a quote that ends a text in which an unquoted value stands; any other quote is a part of the value.
_DELIMITER: Final = r"""(?:[,;)\]}>&:=\\"'`]{0,16}+(?:\s|\Z)|[,;)\]}>&:=\\]{1,16}+["'`\[{(])"""
_BARE: Final = re.compile(
    rf"""(?:[^\s&"'`(\[{{\\]|&(?![\w.%\[\]-]{{1,64}}=)|(?<![=(\[{{,:+])["'`](?!{_DELIMITER})"""
    rf"""|\\++(?!["'`])|\\++["'`](?!{_DELIMITER}))++"""
)
_SCHEME: Final = re.compile(r"(?:apikey|basic|bearer|digest|negotiate|token)[ \t]++(?=[^\s,;)\]}])", re.IGNORECASE)
_NEXT_WORD: Final = re.compile(r"""[ \t]++(?!\\*+["']?[\w.\[\]-]{1,64}\\*+["']?[ \t]{0,64}[:=])(?=\S)""")
_ASSIGNED: Final = re.compile(r"""[ \t]*+(?::?=(?![=>])|\+(?=[ \t]{0,64}["']))[ \t]*+(?=\S)""")
_NEXT_LINE: Final = re.compile(r"\r?\n([ \t]*+)([^\r\n]*+)")
_STRING: Final = re.compile(r"""[^"'\r\n]*+""")
_LINE: Final = re.compile(r"[^\r\n]*+")
_OTHER_FIELD: Final = re.compile(r"""["']?[\w.\[\]-]{1,64}["']?[ \t]{0,64}[:=]""")
_COMMENTS: Final = {"/*": "*/", "<!--": "-->", "#": "\n", "//": "\n"}
_WITHOUT_END: Final = ("/*", "<!--")
_BEFORE_A_STRING: Final = frozenset("=([{,:+")


def value_at(text: str, at: int, *, indent: int | None, whole_line: bool = False) -> Span | None:
    """The value after a separator that ends at `at`; None if there is none.

    indent: the column of a name that begins a line: its value reaches to the next field or to the end of the line, and
    lines that are indented more belong to it. None for a name within a line: its value is a word.
    whole_line: it reaches to the end of the line even if there seem to be other fields, as in a header with cookies.
    """
    start = _skip_blanks(text, at, indent)
    if start is None:
        return None
    quoted = quoted_at(text, start)
    if quoted and _ends(text, quoted[1]) and not _ASSIGNED.match(text, quoted[1]):
        return quoted[0]
    value = _skip_comments(text, start, indent)
    if text.startswith(_WITHOUT_END, value):
        return start, len(text)
    if whole_line and not quoted:
        return start, _block_end(text, _line_end(text, value), indent or 0, value)
    end = _words_end(text, value, further=indent is not None)
    if text.find("\\n", value, end) >= 0:  # lines within a string of source or JSON
        return start, _end(_STRING, text, end)
    return start, end if indent is None else _block_end(text, end, indent, value)


def word_at(text: str, at: int) -> Span:
    """A word, quoted or not, or several that are joined."""
    if (quoted := quoted_at(text, at)) and _ends(text, quoted[1]):
        return quoted[0]
    return at, _word_end(text, at)


def _skip_blanks(text: str, at: int, indent: int | None) -> int | None:
    """Where the next thing is; None if that is the end or another field in another line."""
    start = _end(_BLANKS, text, at)
    if start == len(text):
        return None
    line = text.rfind("\n", at, start) + 1
    return None if line and start - line <= (indent or 0) and _OTHER_FIELD.match(text, start) else start


def _skip_comments(text: str, at: int, indent: int | None) -> int:
    """Where a value is that comments may precede; those without an end, or a value after them, are the value."""
    while end := next((end for begin, end in _COMMENTS.items() if text.startswith(begin, at)), None):
        closed = text.find(end, at + 1)
        after = _skip_blanks(text, closed + len(end) - (end == "\n"), indent) if closed >= 0 else None
        if after is None:
            break
        at = after
    return at


def _words_end(text: str, at: int, *, further: bool) -> int:
    end = _word_end(text, at)
    while assigned := _ASSIGNED.match(text, end):  # the type of a variable stands before its value
        end = _word_end(text, assigned.end())
    while further and (word := _NEXT_WORD.match(text, end)):
        end = _word_end(text, word.end())
    return end


def _word_end(text: str, at: int) -> int:
    start = at = _end(_SCHEME, text, at)
    while at < len(text):
        opens = at == start or text[at - 1] in _BEFORE_A_STRING or text[at - 1] == text[at]
        if opens and (quoted := quoted_at(text, _end(_PREFIXED, text, at))):
            at = quoted[1]
        elif text[at] in OPENING:
            at = group_end(text, at)
        elif bare := _BARE.match(text, at):
            at = bare.end()
            continue
        else:
            break
        if _ends(text, at):
            break
    return at


def _ends(text: str, at: int) -> bool:
    """Whether a quoted text or a group is all of a value; a quote that is doubled stands for itself, as in SQL."""
    return _END.match(text, at) is not None and (at == len(text) or text[at] not in "\"'`" or text[at] != text[at - 1])


def _block_end(text: str, at: int, indent: int, value: int) -> int:
    """Where the lines end that are indented more than the name, or are items of its list."""
    is_list = text.startswith("- ", value)
    end = at
    while line := _NEXT_LINE.match(text, at):
        at = line.end()
        if len(line[1]) > indent or (is_list and len(line[1]) == indent and line[2].startswith("- ")):
            end = at if line[2] else end
        elif line[2]:
            break
    return end


def _line_end(text: str, at: int) -> int:
    return _end(_LINE, text, at)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
