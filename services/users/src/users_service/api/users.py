"""Users over HTTP."""

from typing import Annotated, Final, cast
from uuid import UUID

from fastapi import Query, Request, Response

from ..chassis.pagination import DEFAULT_LIMIT, Cursors, CursorText, Limit, link_next_page
from ..chassis.problems import BODY_PROBLEMS, problem_responses
from ..chassis.response_headers import LOCATION, NEXT_PAGE
from ..chassis.routing import api_router
from ..core.entities.users import User
from ..core.errors import UserNotFound
from ..core.services.users import Users
from .problems import USER_NOT_FOUND, USERNAME_TAKEN
from .schemas import Existence, NewUser, UserPage, UserView

CURSORS: Final = Cursors("users")

router = api_router(prefix="/api/v1/users", tag="users")


UserIds = Annotated[list[UUID], Query(alias="id", min_length=1, max_length=100, description="Ids to look up.")]


@router.post(
    "",
    status_code=201,
    response_model=UserView,
    responses=LOCATION | problem_responses(USERNAME_TAKEN, *BODY_PROBLEMS),
)
async def register_user(new: NewUser, request: Request, response: Response) -> User:
    """Register a user."""
    user = await _users(request).register(
        username=new.username, first_name=new.first_name, second_name=new.second_name, birthday=new.birthday
    )
    response.headers["Location"] = f"{router.prefix}/{user.id}"
    return user


@router.get("", responses=NEXT_PAGE)
async def list_users(
    request: Request,
    response: Response,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> UserPage:
    """List users, newest first."""
    page = await _users(request).page(limit=limit, after=CURSORS.decode(cursor))
    next_cursor = CURSORS.encode(page.next_after) if page.next_after else None
    link_next_page(request, response, limit=limit, cursor=next_cursor)
    return UserPage(items=[UserView.model_validate(user) for user in page.items], next_cursor=next_cursor)


@router.get("/exists")
async def which_users_exist(ids: UserIds, request: Request) -> Existence:
    """Tell which of up to 100 ids belong to users; each id is answered once."""
    asked = list(dict.fromkeys(ids))
    existing = await _users(request).existing(asked)
    return Existence(
        existing=[user_id for user_id in asked if user_id in existing],
        missing=[user_id for user_id in asked if user_id not in existing],
    )


@router.get("/{user_id}", response_model=UserView, responses=problem_responses(USER_NOT_FOUND))
async def get_user(user_id: UUID, request: Request) -> User:
    """Get one user."""
    return await _users(request).get(user_id)


@router.get("/{user_id}/exists", status_code=204, responses=problem_responses(USER_NOT_FOUND))
async def user_exists(user_id: UUID, request: Request) -> None:
    """Answer 204 if there is such a user, else 404."""
    if not await _users(request).exists(user_id):
        raise UserNotFound(user_id)


def _users(request: Request) -> Users:
    # No Depends: solving a dependency takes 5 to 8 % of a request, and there is but one to choose from.
    return cast(Users, request.app.state.users)
