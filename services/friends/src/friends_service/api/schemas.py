"""What goes over the wire."""

from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from ..core.entities.friendships import TAG_MAX, clean_tag

# What clients are told; the entity holds the rule, after trimming and normalising.
TAG_SCHEMA: Final[dict[str, Any]] = {"minLength": 1, "maxLength": TAG_MAX}


class NewFriendship(BaseModel):
    """A friendship to begin."""

    model_config = ConfigDict(extra="forbid")

    initiator_id: UUID = Field(description="The user who begins it.")
    target_id: UUID = Field(description="The user it is begun with.")
    tag: Annotated[str, AfterValidator(clean_tag), Field(json_schema_extra=TAG_SCHEMA)] | None = Field(
        None, description="1 to 50 characters; trimmed and normalised to Unicode NFC.", examples=["school"]
    )


class FriendshipView(BaseModel):
    """A friendship."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    initiator_id: UUID
    target_id: UUID
    tag: str | None
    created_at: AwareDatetime


class FriendshipPage(BaseModel):
    """Friendships of a user, newest first."""

    items: list[FriendshipView]
    next_cursor: str | None = Field(description="Ask for the next page with it; null on the last page.")
