"""Users over HTTP: problems, schemas and routes."""

import re
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from chassis.authentication import INTERNAL, NOT_AN_ACCOUNT, Caller, scopes
from chassis.problems import BODY_PROBLEMS, Problem, ProblemFor, problem_responses
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
from ..core.entities.users import (
    NAME_MAX,
    USERNAME_MAX,
    USERNAME_MIN,
    ProfileExists,
    User,
    UsernameTaken,
    UserNotFound,
    clean_first_name,
    clean_second_name,
    clean_username,
)
from ..core.errors import InvalidValue
from ..core.services.users import Users

PROFILE_EXISTS: Final = Problem(
    slug="profile-exists",
    status=409,
    title="Profile exists",
    explanation="You already have a user profile; an account has only one.",
)
USERNAME_TAKEN: Final = Problem(
    slug="username-taken",
    status=409,
    title="Username is taken",
    explanation="Another user has this username, ignoring case.",
)
USER_NOT_FOUND: Final = Problem(
    slug="user-not-found", status=404, title="User not found", explanation="No user has this ID."
)
PROBLEMS: Final = (
    ProblemFor(ProfileExists, PROFILE_EXISTS),
    ProblemFor(UsernameTaken, USERNAME_TAKEN),
    ProblemFor(UserNotFound, USER_NOT_FOUND),
)
CURSORS: Final = Cursors(IDENTITY, "users")
PREFIX: Final = "/api/v1/users"
FOR_SERVICES: Final[dict[str, Any]] = {"dependencies": [scopes("users:exists")], "openapi_extra": INTERNAL}
"""For operations that only other services may use."""

# Schemas for clients. The entity checks the rules after trimming and normalising. No pattern for "letters of any
# script" works in every language (`\p{L}`), so the description says it.
USERNAME_SCHEMA: Final[dict[str, Any]] = {"pattern": f"^[A-Za-z0-9_.-]{{{USERNAME_MIN},{USERNAME_MAX}}}$"}
NAME_SCHEMA: Final[dict[str, Any]] = {"minLength": 1, "maxLength": NAME_MAX}

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _only_a_full_date(value: object) -> object:
    """Raise InvalidValue for numbers and times, which pydantic reads as dates (RFC 3339 section 5.6: full-date)."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise InvalidValue("birthday", "must be a date such as 1990-05-04")
    return value


class NewUser(BaseModel):
    """A new user. Texts are trimmed and normalised to Unicode NFC."""

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
    """A page of users, newest first."""

    items: list[UserView]
    next_cursor: str | None = Field(description="`cursor` of the next page; null on the last page.")


class Existence(BaseModel):
    """Which of the given IDs belong to users."""

    existing: list[UUID]
    missing: list[UUID]


UserIds = Annotated[list[UUID], Query(alias="id", min_length=1, max_length=100, description="IDs to look up.")]


def users_router(users: Users) -> APIRouter:
    """Return a router with the routes of these use cases."""
    router = api_router(prefix=PREFIX, tag="users", description="The people who use the system.")

    @router.post(
        "",
        status_code=201,
        response_model=UserView,
        responses=LOCATION | problem_responses(USERNAME_TAKEN, PROFILE_EXISTS, NOT_AN_ACCOUNT, *BODY_PROBLEMS),
    )
    async def register_user(new: NewUser, caller: Caller, request: Request, response: Response) -> User:
        """Register a user. If this needs an access token, it registers you, with the ID of your account."""
        user = await users.register(
            user_id=caller.subject_id if caller else None,
            username=new.username,
            first_name=new.first_name,
            second_name=new.second_name,
            birthday=new.birthday,
        )
        response.headers["Location"] = public_path(request, f"{PREFIX}/{user.id}")
        return user

    @router.get("", responses=NEXT_PAGE)
    async def list_users(
        request: Request,
        response: Response,
        limit: Limit = DEFAULT_LIMIT,
        cursor: CursorText = None,
    ) -> UserPage:
        """List users, newest first."""
        page = await users.page(limit=limit, after=CURSORS.decode(cursor))
        next_cursor = CURSORS.encode(page.next_after) if page.next_after else None
        link_next_page(request, response, limit=limit, cursor=next_cursor)
        return UserPage.model_validate({"items": page.items, "next_cursor": next_cursor})

    @router.get("/exists", **FOR_SERVICES)
    async def which_users_exist(ids: UserIds) -> Existence:
        """Return which of up to 100 IDs belong to users. Each ID is returned once."""
        asked = list(dict.fromkeys(ids))
        existing = await users.existing(asked)
        return Existence(
            existing=[user_id for user_id in asked if user_id in existing],
            missing=[user_id for user_id in asked if user_id not in existing],
        )

    @router.get("/{user_id}", response_model=UserView, responses=problem_responses(USER_NOT_FOUND))
    async def get_user(user_id: UUID) -> User:
        """Get a user by ID."""
        return await users.get(user_id)

    @router.get("/{user_id}/exists", status_code=204, responses=problem_responses(USER_NOT_FOUND), **FOR_SERVICES)
    async def user_exists(user_id: UUID) -> None:
        """Respond 204 if the user exists, else 404."""
        if not await users.exists(user_id):
            raise UserNotFound(user_id)

    return router
