"""Find values that PostgreSQL cannot store (NUL, surrogates, integers beyond 64 bits), and types that refuse them."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, Field

Step = int | str
Place = tuple[Step, ...]

_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
_CONTAINERS: Final = (dict, list)  # checking a tuple is twice as fast as a union
_LONG_NUMBER: Final = re.compile("[0-9]{19}")
_UNSTORABLE_TEXT: Final = "Text cannot contain the NUL character or half of a surrogate pair"
_UNSTORABLE_NUMBER: Final = "A number cannot have more than 64 bits"
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1


def reason_unstorable(value: object) -> str | None:
    """Return why no column can store this string or integer, or None if one can. None for other types."""
    if isinstance(value, str):
        return _UNSTORABLE_TEXT if _UNSTORABLE.search(value) else None
    if isinstance(value, int):
        return None if _INT64_MIN <= value <= _INT64_MAX else _UNSTORABLE_NUMBER
    return None


def may_have_unstorable_parts(json: str) -> bool:
    """Return whether the JSON has an escape or a number so long that it must be checked."""
    return "\\u" in json or _LONG_NUMBER.search(json) is not None


def unstorable_parts(document: object) -> Iterator[tuple[Place, str]]:
    """Yield the places in a JSON document that no column can store, with the reasons."""
    if reason := reason_unstorable(document):
        yield (), reason
    containers: list[tuple[object, Place]] = [(document, ())]
    while containers:
        container, place = containers.pop()
        steps: Iterable[tuple[Step, object]] = enumerate(container) if isinstance(container, list) else ()
        if isinstance(container, dict):
            steps = container.items()
            yield from (((*place, name), reason) for name in container if (reason := reason_unstorable(name)))
        for step, value in steps:
            if isinstance(value, _CONTAINERS):
                containers.append((value, (*place, step)))
            elif reason := reason_unstorable(value):
                yield (*place, step), reason


def _refuse_unstorable(text: str) -> str:
    if reason := reason_unstorable(text):
        raise ValueError(reason)
    return text


Text = Annotated[str, AfterValidator(_refuse_unstorable)]
"""Text that a column can store. For input other than JSON: headers, forms, responses of upstream services."""

Int16 = Annotated[int, Field(ge=-(2**15), le=2**15 - 1, json_schema_extra={"format": "int16"})]
"""An integer that a `smallint` column can store."""

Int32 = Annotated[int, Field(ge=-(2**31), le=2**31 - 1, json_schema_extra={"format": "int32"})]
"""An integer that an `integer` column can store (SQLAlchemy's `Integer`)."""

Int64 = Annotated[int, Field(ge=_INT64_MIN, le=_INT64_MAX, json_schema_extra={"format": "int64"})]
"""An integer that a `bigint` column can store."""


def _in_utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ValueError("A time must be within the years 1 to 9999 in UTC") from None


UtcTime = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A time with an offset, converted to UTC, which a `timestamp with time zone` column returns unchanged."""
