"""Friendships over HTTP."""

from typing import Final, cast
from uuid import UUID

from fastapi import Request, Response

from ..chassis.pagination import DEFAULT_LIMIT, Cursors, CursorText, Limit, link_next_page
from ..chassis.problems import BODY_PROBLEMS, INVALID_REQUEST, UPSTREAM_PROBLEMS, problem_responses
from ..chassis.response_headers import LOCATION, NEXT_PAGE
from ..chassis.routing import api_router
from ..core.entities.friendships import Friendship
from ..core.services.friendships import Friendships
from .problems import FRIENDSHIP_EXISTS, FRIENDSHIP_NOT_FOUND, SELF_FRIENDSHIP, USER_NOT_FOUND
from .schemas import FriendshipPage, FriendshipView, NewFriendship

CURSORS: Final = Cursors("friendships")

router = api_router(prefix="/api/v1", tag="friendships")


@router.post(
    "/friendships",
    status_code=201,
    response_model=FriendshipView,
    responses=LOCATION
    | problem_responses(
        FRIENDSHIP_EXISTS, USER_NOT_FOUND, SELF_FRIENDSHIP, INVALID_REQUEST, *BODY_PROBLEMS, *UPSTREAM_PROBLEMS
    ),
)
async def begin_friendship(new: NewFriendship, request: Request, response: Response) -> Friendship:
    """Begin a friendship between two users; there is one for each pair, whoever begins it."""
    friendship = await _friendships(request).befriend(
        initiator_id=new.initiator_id, target_id=new.target_id, tag=new.tag
    )
    response.headers["Location"] = f"{router.prefix}/friendships/{friendship.id}"
    return friendship


@router.get(
    "/friendships/{friendship_id}", response_model=FriendshipView, responses=problem_responses(FRIENDSHIP_NOT_FOUND)
)
async def get_friendship(friendship_id: UUID, request: Request) -> Friendship:
    """Get one friendship."""
    return await _friendships(request).get(friendship_id)


@router.get("/users/{user_id}/friendships", responses=NEXT_PAGE | problem_responses(USER_NOT_FOUND, *UPSTREAM_PROBLEMS))
async def list_friendships_of_user(
    user_id: UUID,
    request: Request,
    response: Response,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> FriendshipPage:
    """List the friendships of a user, whoever began them, newest first."""
    page = await _friendships(request).of_user(user_id, limit=limit, after=CURSORS.decode(cursor))
    next_cursor = CURSORS.encode(page.next_after) if page.next_after else None
    link_next_page(request, response, limit=limit, cursor=next_cursor)
    items = [FriendshipView.model_validate(friendship) for friendship in page.items]
    return FriendshipPage(items=items, next_cursor=next_cursor)


def _friendships(request: Request) -> Friendships:
    # No Depends: solving a dependency takes 5 to 8 % of a request, and there is but one to choose from.
    return cast(Friendships, request.app.state.friendships)
