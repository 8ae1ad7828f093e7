"""What a call of an upstream service can be given, for type checkers and for those who look it up."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Generic, TypedDict
from uuid import UUID

from pydantic import TypeAdapter

if TYPE_CHECKING:  # defaults of type variables (PEP 696): `typing` has them from Python 3.13 on
    from typing import Never

    from typing_extensions import TypeVar

    Read = TypeVar("Read", default=None)
    Other = TypeVar("Other", default=Never)
else:
    from typing import TypeVar

    Read = TypeVar("Read")
    Other = TypeVar("Other")

PathValues = Mapping[str, str | int | UUID | date | Enum]
QueryValue = str | int | float | Decimal | UUID | date | Enum | None
QueryParameters = Mapping[str, QueryValue | Sequence[QueryValue]] | Sequence[tuple[str, QueryValue]]


class Asking(TypedDict, Generic[Other], total=False):
    """What every call takes."""

    path: PathValues
    """What stands for the names in the template. A value is quoted: it cannot leave its place, whatever it holds."""
    query: QueryParameters
    """Values are written as in JSON, but without quotes (`true`, `2026-11-25`); those that are None are left out."""
    headers: Mapping[str, str]
    """Sent beside the id of the request and its place in the trace."""
    answers: Mapping[int, Other]
    """What is returned for a status that is an answer, too: with `{404: None}` nothing was found, and all is well."""


class Reading(Asking[Other], Generic[Read, Other], total=False):
    """What a call takes whose answer has a body."""

    read: type[Read] | TypeAdapter[Read]
    """A pydantic model, `list[User]`, or a TypeAdapter of any type; without it, nobody looks at the body."""
    context: object
    """For validators of that type: pydantic's validation context."""


class Sending(Reading[Read, Other], total=False):
    """What a call takes that has a body itself."""

    json: object
    """A pydantic model, or what JSON can hold: also dataclasses, UUIDs and times; None sends no body."""
    form: Mapping[str, str]
    """A body as HTML forms have it, for services that want one: `application/x-www-form-urlencoded`."""
    idempotency_key: str | UUID
    """By this the upstream service knows a repetition, so that any method may be repeated: `Idempotency-Key`."""
