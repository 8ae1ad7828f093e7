"""Options of calls to an upstream service."""

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
    """Options of every call."""

    path: PathValues
    """Values for the names in the template. They are quoted, so a value cannot change the path."""
    query: QueryParameters
    """Query parameters. Values are written as in JSON without quotes (`true`, `2026-11-25`); None is left out."""
    headers: Mapping[str, str]
    """Headers, in addition to the request ID and the trace context."""
    answers: Mapping[int, Other]
    """Values to return for other statuses, instead of an error: `{404: None}` if it need not exist."""


class Reading(Asking[Other], Generic[Read, Other], total=False):
    """Options of calls whose response has a body."""

    read: type[Read] | TypeAdapter[Read]
    """The type of the body: a pydantic model, `list[User]`, or a TypeAdapter. Without it, the body is ignored."""
    context: object
    """pydantic's validation context for that type."""


class Sending(Reading[Read, Other], total=False):
    """Options of calls with a request body."""

    json: object
    """The JSON body: a pydantic model or other JSON, also dataclasses, UUIDs and times. None sends no body."""
    form: Mapping[str, str]
    """The body as a form, instead of JSON: `application/x-www-form-urlencoded`."""
    idempotency_key: str | UUID
    """Sent as `Idempotency-Key`. The upstream service recognises retries by it, so that any method can be retried."""
