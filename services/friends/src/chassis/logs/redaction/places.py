"""Find secrets in a text by the names next to them."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from .elements import content_of
from .names import SecretNames, is_code, is_counted, is_opaque
from .neighbours import values_beside
from .quotes import quoted_at
from .spans import Span
from .values import value_at, word_at

_WORD: Final = re.compile(r"[\w.\-]*+(?:\[[\w.\-]*+\]?)*+")
_WORD_CHARACTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-[]"
_LONGEST_NAME: Final = 128  # characters before the secret part

_BLANKS: Final = r"(?:\s|\\[nrt\n])*+"
_COMMENT: Final = r"(?:/\*(?:[^*]|\*(?!/)){0,256}+\*/|<!--(?:[^-]|-(?!->)){0,256}+-->|(?:\#|//)[^\n]{0,256}+\n)"
_SEPARATOR: Final = re.compile(
    rf"""(?:\\*+["'`\])}}*?>]){{0,8}}+(?:</[\w:.-]{{1,64}}>){{0,4}}+{_BLANKS}(?:{_COMMENT}{_BLANKS}){{0,4}}+(!?[:=]{{1,3}}>?)"""
)
_LINE_START: Final = re.compile(
    r"""[\s\-#>*|"'{\[(,;$@:+~\\]*+(?:(?:arg|const|env|export|let|set|var)\s++["']?)?""", re.IGNORECASE
)
_LONGEST_LINE_START: Final = 200
_PATH_OF_A_CLASS: Final = re.compile(r"[a-z_][\w.]*\.[A-Z]\w*")
_WHOLE_LINE: Final = re.compile(r"authorization|cookie", re.IGNORECASE)
_SOURCE_FILE: Final = re.compile(
    r"\.(?:[ch]|cpp|go|html?|java|jsx?|json|log|md|php|pyi?|rb|rs|sh|sql|toml|tsx?|txt|ya?ml)\Z"
)
_NUMBER: Final = re.compile(r"\s{0,64}\d{1,6}(?![\w.])")
_CLOSING_QUOTE: Final = re.compile(r"""[ \t]{0,64}(["'`])(?:[\s+,;)\]}]|\Z)""")
_CODE_VALUE: Final = re.compile(r"""\s{0,64}\\*+["']?([^\s&"'\\,;)\]}<>#]{1,512}+)""")

_LISTED: Final = re.compile(r"""\\*+["']\s*+,\s*+[bBrRuU]{0,2}(?=\\*+["'])""")
_KEY_ENDS: Final = re.compile(r"\s*+[:=]")
_OPTION_ENDS: Final = re.compile(r"""["']?(?:[ \t]|\\?\r?\n)++(?!--)(?=\S)""")
_STATED: Final = re.compile(r"""\s++(?=\\*+["'])""")
_PASSWORDS: Final = frozenset({"passphrase", "passwd", "password", "pwd", "secret"})


def secrets_by_name(text: str, folded: str, names: SecretNames) -> Iterator[Span]:
    """Yield the values of all fields with secret names. `folded` is the case-folded text."""
    at = 0
    for hit in names.occurrence.finditer(folded):
        if hit.start() >= at:
            name = _name_around(text, hit)
            at = name.end
            for start, end in _values_of(text, name, names):
                at = max(at, end)
                yield start, end


class Name(NamedTuple):
    """A possible name of a field, and its place."""

    start: int
    end: int
    text: str


def _name_around(text: str, hit: re.Match[str]) -> Name:
    before = text[max(0, hit.start() - _LONGEST_NAME) : hit.start()]
    start = hit.start() - len(before) + len(before.rstrip(_WORD_CHARACTERS))
    word = _WORD.match(text, hit.end())
    end = word.end() if word else hit.end()
    return Name(start, end, text[start:end])


def _values_of(text: str, name: Name, names: SecretNames) -> Iterable[Span]:
    if not names.is_secret(name.text):
        return _code(text, name) if is_code(name.text) else ()
    if span := content_of(text, name.start, name.end) or _after_separator(text, name) or _after_name(text, name):
        return (span,)
    return values_beside(text, name.start, name.end)


def _code(text: str, name: Name) -> Iterable[Span]:
    separator = _SEPARATOR.match(text, name.end)
    value = _CODE_VALUE.match(text, separator.end()) if separator else None
    return (value.span(1),) if value and is_opaque(value[1]) else ()


def _after_separator(text: str, name: Name) -> Span | None:
    """Return the value in `name: value`, `name = value`, `"name" => value` and the like, or None."""
    separator = _SEPARATOR.match(text, name.end)
    if not separator or _is_no_field(text, name, separator):
        return None
    return value_at(
        text, separator.end(), indent=_indent(text, name), whole_line=_WHOLE_LINE.search(name.text) is not None
    )


def _is_no_field(text: str, name: Name, separator: re.Match[str]) -> bool:
    """Return whether it only looks like a field: a port, a line number, a count, or the end of a text."""
    at = separator.end()
    if _NUMBER.match(text, at) and (
        text.endswith("://", 0, name.start) or _SOURCE_FILE.search(name.text) or is_counted(name.text)
    ):
        return True
    quote = _CLOSING_QUOTE.match(text, at)
    if not quote or (name.end < separator.start(1) and text[name.end] == quote[1]):
        return False
    earliest = max(0, name.start - _LONGEST_LINE_START)
    line = max(earliest, text.rfind("\n", earliest, name.start))
    return text.count(quote[1], line, name.start) % 2 == 1


def _indent(text: str, name: Name) -> int | None:
    """Return the column of a name that begins a line or a list item, or None within a line."""
    earliest = max(0, name.start - _LONGEST_LINE_START)
    line = text.rfind("\n", earliest, name.start) + 1
    before = text[line : name.start]
    if (not line and earliest) or not _LINE_START.fullmatch(before):
        return None
    if not before and _PATH_OF_A_CLASS.fullmatch(name.text):
        return None  # the last line of a stack trace
    return len(before) if not before.strip(" \t-") else len(before) - len(before.lstrip(" \t"))


def _after_name(text: str, name: Name) -> Span | None:
    """Return the value in `("name", "value")`, `--name value` or `PASSWORD 'value'`, or None."""
    if text[max(0, name.start - 1) : name.start] in {'"', "'"} and (listed := _LISTED.match(text, name.end)):
        quoted = quoted_at(text, listed.end())
        return quoted[0] if quoted and not _KEY_ENDS.match(text, quoted[1]) else None
    if name.text.startswith("-") and (option := _OPTION_ENDS.match(text, name.end)):
        return word_at(text, option.end())
    if name.text.casefold() in _PASSWORDS and (stated := _STATED.match(text, name.end)):
        return word_at(text, stated.end())
    return None
