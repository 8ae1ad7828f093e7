"""What goes over the wire."""

import re
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from ..core.entities.users import (
    NAME_MAX,
    USERNAME_MAX,
    USERNAME_MIN,
    clean_first_name,
    clean_second_name,
    clean_username,
)
from ..core.errors import InvalidValue

# What clients are told; the entity holds the rules, after trimming and normalising.
USERNAME_SCHEMA: Final[dict[str, Any]] = {"pattern": f"^[A-Za-z0-9_.-]{{{USERNAME_MIN},{USERNAME_MAX}}}$"}
_NAME: Final = r"[\p{L}\p{M} \-\u2010'\u2019.\u00b7\u30fb\u200c\u200d]*"
NAME_SCHEMA: Final[dict[str, Any]] = {"minLength": 1, "maxLength": NAME_MAX, "pattern": rf"^{_NAME}\p{{L}}{_NAME}$"}

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _only_a_full_date(value: object) -> object:
    """Refuse numbers and times, which pydantic reads as dates too (RFC 3339 section 5.6: full-date)."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise InvalidValue("birthday", "must be a date such as 1990-05-04")
    return value


class NewUser(BaseModel):
    """A user to register. Texts are trimmed and normalised to Unicode NFC."""

    model_config = ConfigDict(extra="forbid")

    username: Annotated[str, AfterValidator(clean_username)] = Field(
        description="4 to 20 ASCII letters, digits, `_`, `.` and `-`; unique ignoring case.",
        examples=["alice"],
        json_schema_extra=USERNAME_SCHEMA,
    )
    first_name: Annotated[str, AfterValidator(clean_first_name)] = Field(
        description="1 to 100 letters of any script, spaces, hyphens, apostrophes, periods.",
        examples=["Alice"],
        json_schema_extra=NAME_SCHEMA,
    )
    second_name: Annotated[str, AfterValidator(clean_second_name)] = Field(
        description="1 to 100 letters of any script, spaces, hyphens, apostrophes, periods.",
        examples=["Liddell"],
        json_schema_extra=NAME_SCHEMA,
    )
    birthday: Annotated[date, BeforeValidator(_only_a_full_date)] = Field(
        description="From 1900-01-01 to today.", examples=["1990-05-04"]
    )


class UserView(BaseModel):
    """A user."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    username: str
    first_name: str
    second_name: str
    birthday: date
    created_at: AwareDatetime


class UserPage(BaseModel):
    """Users, newest first."""

    items: list[UserView]
    next_cursor: str | None = Field(description="Ask for the next page with it; null on the last page.")


class Existence(BaseModel):
    """Which of the ids in question belong to users."""

    existing: list[UUID]
    missing: list[UUID]
