"""What goes over the wire."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from ..core.entities.users import clean_first_name, clean_second_name, clean_username


class NewUser(BaseModel):
    """A user to register. Texts are trimmed and normalised to Unicode NFC."""

    model_config = ConfigDict(extra="forbid")

    username: Annotated[str, AfterValidator(clean_username)] = Field(
        description="4 to 20 ASCII letters, digits, `_`, `.` and `-`; unique ignoring case.", examples=["alice"]
    )
    first_name: Annotated[str, AfterValidator(clean_first_name)] = Field(
        description="1 to 100 letters of any script, spaces, hyphens, apostrophes, periods.", examples=["Alice"]
    )
    second_name: Annotated[str, AfterValidator(clean_second_name)] = Field(
        description="1 to 100 letters of any script, spaces, hyphens, apostrophes, periods.", examples=["Liddell"]
    )
    birthday: date = Field(description="From 1900-01-01 to today.", examples=["1990-05-04"])


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
