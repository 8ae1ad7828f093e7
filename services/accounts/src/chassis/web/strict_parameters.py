"""Check path and query parameters strictly: numbers as in JSON, and only text that a column can store."""

import math
import re
from collections.abc import Collection, Iterator
from decimal import Decimal
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin
from urllib.parse import parse_qsl, unquote_to_bytes

from fastapi.dependencies.models import Dependant
from pydantic import BeforeValidator, PlainValidator, WrapValidator
from starlette.requests import Request

from .declared_parameters import Parameter, declared
from .storable import Place, reason_unstorable

_INTEGER: Final = "-?(?:0|[1-9][0-9]*)"
_NUMBER: Final = rf"{_INTEGER}(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_SPELLINGS: Final = {
    int: (re.compile(_INTEGER), "Input should be a valid integer"),
    float: (re.compile(_NUMBER), "Input should be a valid number"),
    Decimal: (re.compile(_NUMBER), "Input should be a valid decimal"),
    bool: (re.compile("true|false"), "Input should be true or false"),
}
_LONGEST_INT64: Final = 20
_OWN_READING: Final = (BeforeValidator, PlainValidator, WrapValidator)


class StrictParameters:
    """The declared parameters of a route."""

    def __init__(self, dependant: Dependant) -> None:
        self._in_path = dict(_spelled(declared(dependant, "path")))
        self._in_query = dict(_spelled(declared(dependant, "query")))
        self._has_cookies = _has_cookies(dependant)

    def errors(self, request: Request) -> list[dict[str, Any]]:
        """Return the errors in pydantic's format; none if FastAPI may read the parameters."""
        reasons: list[tuple[Place, str]] = []
        # Without a `%` there is only ASCII without NUL.
        if self._has_cookies or b"%" in request.scope["query_string"] or b"%" in request.scope.get("raw_path", b"%"):
            reasons.extend(_unstorable(request))
        if not reasons and (self._in_path or self._in_query):
            reasons.extend(self._misspelled(request))
        return [{"type": "parameter", "loc": place, "msg": reason} for place, reason in reasons]

    def _misspelled(self, request: Request) -> Iterator[tuple[Place, str]]:
        for name, kind in self._in_path.items():
            if reason := _reason_misspelled(request.path_params.get(name), kind):
                yield ("path", name), reason
        if not request.scope["query_string"]:
            return
        for name, kind in self._in_query.items():
            for value in request.query_params.getlist(name):
                if reason := _reason_misspelled(value, kind):
                    yield ("query", name), reason
                    break


def _has_cookies(dependant: Dependant) -> bool:
    return bool(dependant.cookie_params) or any(map(_has_cookies, dependant.dependencies))


def _spelled(parameters: Iterator[Parameter]) -> Iterator[tuple[str, type]]:
    for parameter in parameters:
        has_own_reading = any(isinstance(each, _OWN_READING) for each in parameter.field.metadata)
        if not has_own_reading and (kind := _kind(parameter.field.annotation)):
            yield parameter.name, kind


def _kind(annotation: object) -> type | None:
    """Return the type of number, or bool, that the text becomes; None for all else, and for unions of several."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return None if any(isinstance(each, _OWN_READING) for each in parts[1:]) else _kind(parts[0])
    if origin in {Union, UnionType}:
        kinds = {_kind(part) for part in parts if part is not NoneType}
        return kinds.pop() if len(kinds) == 1 else None
    if isinstance(origin, type) and issubclass(origin, Collection) and len(parts) == 1:
        return _kind(parts[0])
    return annotation if isinstance(annotation, type) and annotation in _SPELLINGS else None


def _reason_misspelled(value: object, kind: type) -> str | None:
    if isinstance(value, str):  # otherwise the path has converted it, or it is missing
        spelling, reason = _SPELLINGS[kind]
        if not spelling.fullmatch(value):
            return reason
        if kind is int:
            value = int(value) if len(value) <= _LONGEST_INT64 else 2**64
        elif kind is float:
            value = float(value)
    return "A number is too large" if isinstance(value, float) and math.isinf(value) else reason_unstorable(value)


def _unstorable(request: Request) -> Iterator[tuple[Place, str]]:
    raw_path: bytes = request.scope.get("raw_path", b"%")
    if b"%" in raw_path:
        for name, value in request.path_params.items():
            if reason := reason_unstorable(value) or _reason_no_text(value, raw_path):
                yield ("path", name), reason
    query: bytes = request.scope["query_string"]
    if b"%" in query:
        for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True, errors="surrogateescape"):
            if reason := reason_unstorable(name) or reason_unstorable(value):
                yield ("query", name), reason
    for name, value in request.cookies.items():  # which can contain characters as octal escapes
        if reason := reason_unstorable(value):
            yield ("cookie", name), reason


def _reason_no_text(value: object, raw_path: bytes) -> str | None:
    """Return why the path is not UTF-8, or None. Servers replace invalid bytes with U+FFFD."""
    if isinstance(value, str) and "\ufffd" in value:
        try:
            unquote_to_bytes(raw_path).decode()
        except UnicodeDecodeError:
            return "Text must be UTF-8"
    return None
