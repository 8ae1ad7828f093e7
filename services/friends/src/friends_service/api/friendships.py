"""Friendships over HTTP: problems, schemas and routes."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from chassis.authentication import NOT_AN_ACCOUNT, Caller
from chassis.problems import (
    BODY_PROBLEMS,
    UPSTREAM_PROBLEMS,
    Problem,
    ProblemFor,
    problem_responses,
)
from chassis.web import (
    DEFAULT_LIMIT,
    LOCATION,
    NEXT_PAGE,
    Cursors,
    CursorText,
    Limit,
    api_router,
    link_next_page,
    public_path,
)

from .. import IDENTITY
from ..core.entities.friendships import (
    TAG_MAX,
    Friendship,
    FriendshipExists,
    FriendshipNotFound,
    NotTheInitiator,
    SelfFriendship,
    UsersNotFound,
    clean_tag,
)
from ..core.services.friendships import Friendships

FRIENDSHIP_EXISTS: Final = Problem(
    slug="friendship-exists",
    status=409,
    title="Friendship exists",
    explanation="These two users are already friends, regardless of who started it.",
)
FRIENDSHIP_NOT_FOUND: Final = Problem(
    slug="friendship-not-found",
    status=404,
    title="Friendship not found",
    explanation="No friendship has this ID.",
)
NOT_THE_INITIATOR: Final = Problem(
    slug="not-the-initiator",
    status=403,
    title="Not the initiator",
    explanation="You can only start your own friendships: leave out `initiator_id`, or set it to your own ID.",
)
SELF_FRIENDSHIP: Final = Problem(
    slug="self-friendship",
    status=422,
    title="Friendship with yourself",
    explanation="A friendship is between two different users.",
)
USER_NOT_FOUND: Final = Problem(
    slug="user-not-found",
    status=404,
    title="User not found",
    explanation="One or both of the users do not exist. `user_ids` lists them.",
    members={"user_ids": Annotated[list[UUID], Field(examples=[["019aaf5e-7b1c-7f3a-9c5e-2f6d8a1b4c3d"]])]},
)
PROBLEMS: Final = (
    ProblemFor(FriendshipExists, FRIENDSHIP_EXISTS),
    ProblemFor(FriendshipNotFound, FRIENDSHIP_NOT_FOUND),
    ProblemFor(NotTheInitiator, NOT_THE_INITIATOR),
    ProblemFor(SelfFriendship, SELF_FRIENDSHIP),
    ProblemFor(UsersNotFound, USER_NOT_FOUND, members=lambda error: {"user_ids": error.user_ids}),
)
CURSORS: Final = Cursors(IDENTITY, "friendships")
PREFIX: Final = "/api/v1"

# Schema for clients. The entity checks the rule after trimming and normalising.
TAG_SCHEMA: Final[dict[str, Any]] = {"minLength": 1, "maxLength": TAG_MAX}


class NewFriendship(BaseModel):
    """A new friendship."""

    model_config = ConfigDict(extra="forbid")

    initiator_id: UUID | None = Field(
        None, description="The user who starts it. Leave it out if this needs an access token: then it is you."
    )
    target_id: UUID = Field(description="The other user.", examples=["019aaf5e-7b1c-7f3a-9c5e-2f6d8a1b4c3d"])
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
    """A page of a user's friendships, newest first."""

    items: list[FriendshipView]
    next_cursor: str | None = Field(description="`cursor` of the next page; null on the last page.")


def friendships_router(friendships: Friendships) -> APIRouter:
    """Return a router with the routes of these use cases."""
    router = api_router(prefix=PREFIX, tag="friendships", description="Friendships between users.")

    @router.post(
        "/friendships",
        status_code=201,
        response_model=FriendshipView,
        responses=LOCATION
        | problem_responses(
            FRIENDSHIP_EXISTS,
            USER_NOT_FOUND,
            NOT_THE_INITIATOR,
            NOT_AN_ACCOUNT,
            SELF_FRIENDSHIP,
            *BODY_PROBLEMS,
            *UPSTREAM_PROBLEMS,
        ),
    )
    async def begin_friendship(new: NewFriendship, caller: Caller, request: Request, response: Response) -> Friendship:
        """Start a friendship between two users. Each pair can have only one, regardless of who starts it."""
        friendship = await friendships.befriend(
            caller_id=caller.subject_id if caller else None,
            initiator_id=new.initiator_id,
            target_id=new.target_id,
            tag=new.tag,
        )
        response.headers["Location"] = public_path(request, f"{PREFIX}/friendships/{friendship.id}")
        return friendship

    @router.get(
        "/friendships/{friendship_id}",
        response_model=FriendshipView,
        responses=problem_responses(FRIENDSHIP_NOT_FOUND),
    )
    async def get_friendship(friendship_id: UUID) -> Friendship:
        """Get a friendship by ID."""
        return await friendships.get(friendship_id)

    @router.get(
        "/users/{user_id}/friendships",
        responses=NEXT_PAGE | problem_responses(USER_NOT_FOUND, *UPSTREAM_PROBLEMS),
    )
    async def list_friendships_of_user(
        user_id: UUID,
        request: Request,
        response: Response,
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorText = None,
    ) -> FriendshipPage:
        """List a user's friendships, started by either user, newest first."""
        page = await friendships.of_user(user_id, limit=limit, after=CURSORS.decode(cursor))
        next_cursor = CURSORS.encode(page.next_after) if page.next_after else None
        link_next_page(request, response, limit=limit, cursor=next_cursor)
        return FriendshipPage.model_validate({"items": page.items, "next_cursor": next_cursor})

    return router
