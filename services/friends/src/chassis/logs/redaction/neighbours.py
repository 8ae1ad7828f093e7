"""Values whose field is named by another one beside it: `{"name": "password", "value": …}`, also as elements of XML."""

import re
from collections.abc import Iterator
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

_JOINT: Final = "=:>\"'\\ \t\r\n"
_SHORT_NAME: Final = re.compile(rf"(?:[\W_]|^)(?:{'|'.join(sorted(_SHORT_NAMING))})\Z", re.IGNORECASE)
_VALUE: Final = re.compile(
    r"""(?:after|before|content|data|default|new|old|string|text|val|value|(?<!\w)v)\w{0,3}\\*+["']?\s{0,64}(?:=>|[:=])""",
    re.IGNORECASE,
)
_END: Final = re.compile(r"[}>]")
_NEXT_ELEMENT: Final = re.compile(r"\s{0,64}</[^<>]{0,128}>\s{0,64}<[^<>/]{0,128}>")
_NEAR: Final = 512
_NEARER: Final = 64


def holds_a_name(field: str) -> bool:
    """Whether a field holds the name of another one: `name`, `key`, `paramName`."""
    return field.casefold().endswith(_NAMING) or field.casefold() in _SHORT_NAMING


def describes(field: str) -> bool:
    """Whether a field tells something about another one, which may be shown where its value must not."""
    return holds_a_name(field) or field.casefold() in _DESCRIBING


def values_beside(text: str, start: int, end: int) -> Iterator[Span]:
    """The values of the field whose secret name, from `start` to `end`, is itself a value; none if it is not."""
    if not _is_named(text[max(0, start - _NEARER) : start]):
        return
    closing = _END.search(text, end, end + _NEAR)
    if closing and (value := _VALUE.search(text, end, closing.start())):
        yield from _spans(text, value.end())
    elif element := _NEXT_ELEMENT.match(text, end):
        yield _content(text, element.end())
    else:
        earliest = max(0, start - _NEAR)
        *_, before = (None, *_VALUE.finditer(text, earliest, start))
        for value in (before, _VALUE.search(text, end, end + _NEAR)):
            yield from _spans(text, value.end()) if value else ()
        if closing and closing[0] == ">" and text.rfind("<", earliest, start) >= 0:
            yield _content(text, closing.end())


def _content(text: str, at: int) -> Span:
    end = text.find("<", at)
    return at, end if end >= 0 else len(text)


def _is_named(before: str) -> bool:
    """Whether what comes next is the value of a field that holds a name."""
    field = before.rstrip(_JOINT)
    is_value = any(separator in before[len(field) :] for separator in "=:>")
    return is_value and (field.casefold().endswith(_NAMING) or _SHORT_NAME.search(field) is not None)


def _spans(text: str, at: int) -> Iterator[Span]:
    if span := value_at(text, at, indent=None):
        yield span
