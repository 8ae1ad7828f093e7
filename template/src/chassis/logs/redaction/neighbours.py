"""Find values whose name is in a field next to them: `{"name": "password", "value": …}`, also in XML."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from .spans import Span
from .values import value_at

_NAMING: Final = (
    "attribute", "env", "field", "header", "key", "label", "name", "option", "param", "parameter", "property",
    "setting", "variable",
)  # fmt: skip
_SHORT_NAMING: Final = frozenset({"id", "k", "n"})

_DESCRIBING: Final = frozenset({
    "code", "description", "detail", "in", "kind", "loc", "message", "pointer", "reason", "required", "status",
    "title", "type",
})  # fmt: skip

_QUOTED: Final = ">\"'\\ \t\r\n"
_JOINT: Final = "=:" + _QUOTED
_NEXT_NAME: Final = re.compile(rf"\n|(?:{'|'.join(_NAMING)})[{re.escape(_QUOTED)}]{{0,4}}[:=]", re.IGNORECASE)
_SHORT_NAME: Final = re.compile(rf"(?:[\W_]|^)(?:{'|'.join(sorted(_SHORT_NAMING))})\Z", re.IGNORECASE)
_VALUES: Final = (
    "after", "before", "content", "contents", "data", "default", "new", "old", "string", "text", "val", "value",
    "values",
)  # fmt: skip
_SHORT_VALUE: Final = re.compile(r"(?:\W|^)v\Z", re.IGNORECASE)
_SEPARATOR: Final = re.compile(r"[:=]>?")
_BEGUN: Final = re.compile(r"[:=]>?\s*\\*[\"']")  # a value in quotes has begun
_QUOTE: Final = re.compile(r"\\*[\"']")
_BRACKET: Final = re.compile(r"[{}()<>]")
_END: Final = re.compile(r"[})]|(?<![-=])>")  # not of an arrow
_NEXT_ELEMENT: Final = re.compile(r"\s{0,64}</[^<>]{0,128}>\s{0,64}<[^<>/]{0,128}>")
_NEAR: Final = 512
_NEARER: Final = 64
_FIELDS: Final = 8


def holds_a_name(field: str) -> bool:
    """Return whether a field contains the name of another one: `name`, `key`, `paramName`."""
    return field.casefold().endswith(_NAMING) or field.casefold() in _SHORT_NAMING


def describes(field: str) -> bool:
    """Return whether a field describes another one, and may be shown even if that one's value is masked."""
    return holds_a_name(field) or field.casefold() in _DESCRIBING


def values_beside(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield values next to the secret name from `start` to `end`, if that name is itself a value."""
    before = text[max(0, start - _NEARER) : start]
    if not _is_named(before):
        return
    earliest, is_quoted = max(0, start - _NEAR), _is_quoted(before)
    preceding = _values_before(text, earliest, start, quoted=is_quoted)
    following = _values_after(text, end, quoted=is_quoted)
    if rest := _rest_of_object(text, end, following):
        yield from rest
        yield from _beginning_of_object(text, start, preceding)
    elif element := _NEXT_ELEMENT.match(text, end):
        yield _content(text, element.end())
    else:
        yield from _beginning_of_object(text, start, preceding)
        for separator in (*preceding[:1], *_up_to_next_name(text, end, following)):
            yield from _value(text, separator)
        closing = _END.search(text, end, end + _NEAR)
        if closing and closing[0] == ">" and text.rfind("<", earliest, start) >= 0:
            yield _content(text, closing.end())


def _beginning_of_object(text: str, at: int, separators: Iterable[int]) -> Iterator[Span]:
    """Yield the values back to the nearest bracket. Brackets in these values do not count."""
    for separator in separators:
        for value in _value(text, separator):
            if _BRACKET.search(text, value[1], at):
                return
            yield value
        at = separator


def _rest_of_object(text: str, at: int, separators: Iterable[int]) -> list[Span]:
    """Return the values up to the bracket that closes the object, if there is one. Brackets in values do not count."""
    found: list[Span] = []
    for separator in separators:
        if _END.search(text, at, separator):
            break
        for value in _value(text, separator):
            found.append(value)
            at = max(at, value[1])
    return found if _END.search(text, at, at + _NEAR) else []


def _up_to_next_name(text: str, at: int, separators: Iterable[int]) -> Iterator[int]:
    """Yield the first separator, and further ones in the line before the name of another field."""
    for number, separator in enumerate(separators):
        if number and _NEXT_NAME.search(text, at, separator):
            return
        yield separator


def _content(text: str, at: int) -> Span:
    end = text.find("<", at)
    return at, end if end >= 0 else len(text)


def _value(text: str, at: int) -> Iterator[Span]:
    if value := value_at(text, at, indent=None):
        yield value


def _is_named(before: str) -> bool:
    """Return whether the value of a field that contains a name comes next."""
    field = before.rstrip(_JOINT)
    is_value = any(separator in before[len(field) :] for separator in "=:>")
    return is_value and (field.casefold().endswith(_NAMING) or _SHORT_NAME.search(field[-3:]) is not None)


def _is_quoted(before: str) -> bool:
    """Return whether the field before the separator at the end is in quotes, as all fields of JSON are."""
    return _QUOTE.match(before, len(before.rstrip(_JOINT))) is not None


def _values_before(text: str, start: int, end: int, *, quoted: bool) -> list[int]:
    """Return where values of such fields begin before the name, the last one first."""
    return _of_values(text, reversed(deque(_SEPARATOR.finditer(text, start, end), maxlen=_FIELDS)), quoted=quoted)


def _values_after(text: str, start: int, *, quoted: bool) -> list[int]:
    """Return where values of fields such as `value`, `newValue` or `default` begin after the name."""
    return _of_values(text, islice(_SEPARATOR.finditer(text, start, start + _NEAR), _FIELDS), quoted=quoted)


def _of_values(text: str, separators: Iterable[re.Match[str]], *, quoted: bool) -> list[int]:
    """Keep those of fields that contain values. `quoted`: fields without quotes are part of a value."""
    found = []
    for separator in separators:
        before = text[max(0, separator.start() - _NEARER) : separator.start()]
        field = before.rstrip(_JOINT)
        if _BEGUN.search(before, len(field)):  # it is part of the value
            continue
        if quoted and not _is_quoted(before):
            continue
        if field.casefold().endswith(_VALUES) or _SHORT_VALUE.search(field[-2:]):
            found.append(separator.end())
    return found
