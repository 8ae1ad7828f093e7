"""Find the value of a field in a text: a quoted text, list, object, word, line or indented block.

All patterns are possessive or bounded, and the text of a value is not scanned again, so the time is linear in the
length of the text.
"""

import re
from typing import Final

from .quotes import OPENING, group_end, quoted_at
from .spans import Span

_BLANKS: Final = re.compile(r"(?:\s|\\[nrt\n])*+")
_PREFIXED: Final = re.compile(r"""[bBfFrRuU]{1,2}(?=\\*+["'])""")
_END: Final = re.compile(r"""[\s,;)\]}>&\\"'`]|/>|\Z""")
# What follows a quote that ends the text around an unquoted value. Any other quote is part of the value.
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
    """Return the value after a separator that ends at `at`, or None if there is none.

    indent: column of a name that begins a line. Its value extends to the next field or the end of the line, and to
    lines that are indented more. None for a name within a line, whose value is a word.
    whole_line: the value extends to the end of the line even if other fields seem to follow, as in a Cookie header.
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
    if text.find("\\n", value, end) >= 0:  # escaped lines in source code or JSON
        return start, _end(_STRING, text, end)
    return start, end if indent is None else _block_end(text, end, indent, value)


def word_at(text: str, at: int) -> Span:
    """Return a word, quoted or not, or several joined words."""
    if (quoted := quoted_at(text, at)) and _ends(text, quoted[1]):
        return quoted[0]
    return at, _word_end(text, at)


def _skip_blanks(text: str, at: int, indent: int | None) -> int | None:
    """Return the start of the next text, or None at the end or at another field in another line."""
    start = _end(_BLANKS, text, at)
    if start == len(text):
        return None
    line = text.rfind("\n", at, start) + 1
    return None if line and start - line <= (indent or 0) and _OTHER_FIELD.match(text, start) else start


def _skip_comments(text: str, at: int, indent: int | None) -> int:
    """Return the start of the value after comments. Comments without an end, or a value after them, are the value."""
    while end := next((end for begin, end in _COMMENTS.items() if text.startswith(begin, at)), None):
        closed = text.find(end, at + 1)
        after = _skip_blanks(text, closed + len(end) - (end == "\n"), indent) if closed >= 0 else None
        if after is None:
            break
        at = after
    return at


def _words_end(text: str, at: int, *, further: bool) -> int:
    end = _word_end(text, at)
    while assigned := _ASSIGNED.match(text, end):  # the type of a variable precedes its value
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
    """Return whether a quoted text or group is the whole value. A doubled quote is an escaped one, as in SQL."""
    return _END.match(text, at) is not None and (at == len(text) or text[at] not in "\"'`" or text[at] != text[at - 1])


def _block_end(text: str, at: int, indent: int, value: int) -> int:
    """Return the end of the lines that are indented more than the name, or are items of its list."""
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
