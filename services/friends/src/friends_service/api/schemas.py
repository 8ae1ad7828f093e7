"""What goes over the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from ..core.entities.friendships import clean_tag


class NewFriendship(BaseModel):
    """A friendship to begin."""

    model_config = ConfigDict(extra="forbid")

    initiator_id: UUID = Field(description="The user who begins it.")
    target_id: UUID = Field(description="The user it is begun with.")
    tag: Annotated[str, AfterValidator(clean_tag)] | None = Field(
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
