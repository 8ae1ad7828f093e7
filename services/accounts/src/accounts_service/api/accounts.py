"""Accounts over HTTP: problems, schemas and routes."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chassis.authentication import NOT_AN_ACCOUNT, AuthenticationRequired, Caller, public
from chassis.problems import BODY_PROBLEMS, Problem, ProblemFor, problem_responses
from chassis.web import LOCATION, api_router, public_path

from ..core.entities.accounts import (
    PASSWORD_MAX,
    PASSWORD_MIN,
    USERNAME_MAX,
    USERNAME_MIN,
    Account,
    UsernameTaken,
    WrongPassword,
    clean_username,
)
from ..core.services.accounts import Accounts
from .problems import HASHING_BUSY, TOO_MANY_ATTEMPTS, address_of

USERNAME_TAKEN: Final = Problem(
    slug="username-taken",
    status=409,
    title="Username is taken",
    explanation="Another account has this username, ignoring case.",
)
WRONG_PASSWORD: Final = Problem(
    slug="wrong-password", status=403, title="Wrong password", explanation="The current password is wrong."
)
PROBLEMS: Final = (ProblemFor(UsernameTaken, USERNAME_TAKEN), ProblemFor(WrongPassword, WRONG_PASSWORD))
PREFIX: Final = "/api/v1/accounts"

# Schemas for clients. The entity checks the rules after trimming the username and normalising.
USERNAME_SCHEMA: Final[dict[str, Any]] = {"pattern": f"^[A-Za-z0-9_.-]{{{USERNAME_MIN},{USERNAME_MAX}}}$"}
PASSWORD_SCHEMA: Final[dict[str, Any]] = {
    "minLength": PASSWORD_MIN,
    "maxLength": PASSWORD_MAX,
    "format": "password",
}
ANY_PASSWORD_SCHEMA: Final[dict[str, Any]] = {"format": "password"}


class NewAccount(BaseModel):
    """A new account."""

    model_config = ConfigDict(extra="forbid")

    username: Annotated[str, AfterValidator(clean_username)] = Field(
        description="4 to 20 ASCII letters, digits, `_`, `.` and `-`; unique ignoring case.",
        examples=["alice"],
        json_schema_extra=USERNAME_SCHEMA,
    )
    password: str = Field(
        description="8 to 128 characters of any kind; not the username.",
        examples=["down the rabbit hole"],
        json_schema_extra=PASSWORD_SCHEMA,
    )


class AccountView(BaseModel):
    """An account."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="Also the subject (`sub`) of its access tokens.")
    username: str


class PasswordChange(BaseModel):
    """A change of the password."""

    model_config = ConfigDict(extra="forbid")

    current_password: str = Field(examples=["down the rabbit hole"], json_schema_extra=ANY_PASSWORD_SCHEMA)
    new_password: str = Field(
        description="8 to 128 characters of any kind; not the username.",
        examples=["through the looking-glass"],
        json_schema_extra=PASSWORD_SCHEMA,
    )


def accounts_router(accounts: Accounts) -> APIRouter:
    """Return a router with the routes of these use cases."""
    router = api_router(
        prefix=PREFIX, tag="accounts", description="Register an account, and change its password.", log_bodies=False
    )

    @router.post(
        "",
        status_code=201,
        response_model=AccountView,
        responses=LOCATION | problem_responses(USERNAME_TAKEN, TOO_MANY_ATTEMPTS, HASHING_BUSY, *BODY_PROBLEMS),
    )
    @public
    async def register_account(new: NewAccount, request: Request, response: Response) -> Account:
        """Register an account that you can log in with."""
        account = await accounts.register(username=new.username, password=new.password, address=address_of(request))
        response.headers["Location"] = public_path(request, f"{PREFIX}/{account.id}")
        return account

    @router.put(
        "/me/password",
        status_code=204,
        responses=problem_responses(WRONG_PASSWORD, NOT_AN_ACCOUNT, TOO_MANY_ATTEMPTS, HASHING_BUSY, *BODY_PROBLEMS),
    )
    async def change_password(change: PasswordChange, request: Request, caller: Caller) -> None:
        """Change your password and end all your sessions. Access tokens stay valid until they expire."""
        if caller is None:  # AUTHENTICATION=off
            raise AuthenticationRequired
        await accounts.change_password(
            caller.subject_id,
            current_password=change.current_password,
            new_password=change.new_password,
            address=address_of(request),
        )

    return router
