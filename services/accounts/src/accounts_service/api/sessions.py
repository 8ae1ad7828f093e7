"""Logging in over HTTP: problems, schemas and the route."""

from typing import Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from chassis.authentication import public
from chassis.problems import BODY_PROBLEMS, Problem, ProblemFor, problem_responses
from chassis.web import api_router

from ..core.entities.accounts import WrongCredentials
from ..core.entities.tokens import Grant
from ..core.services.sessions import Sessions
from .accounts import ANY_PASSWORD_SCHEMA
from .problems import HASHING_BUSY, NO_SIGNING_KEY, TOO_MANY_ATTEMPTS, address_of

WRONG_CREDENTIALS: Final = Problem(
    slug="wrong-credentials",
    status=401,
    title="Wrong credentials",
    explanation="The username or the password is wrong.",
    headers={"WWW-Authenticate": "Bearer"},
)
PROBLEMS: Final = (ProblemFor(WrongCredentials, WRONG_CREDENTIALS),)


class Login(BaseModel):
    """Credentials to log in with."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(examples=["alice"])
    password: str = Field(examples=["down the rabbit hole"], json_schema_extra=ANY_PASSWORD_SCHEMA)


class SessionTokens(BaseModel):
    """The tokens of a session."""

    access_token: str = Field(description="For `Authorization: Bearer …`.")
    token_type: str = "Bearer"  # noqa: S105 - RFC 6750
    expires_in: int = Field(description="Seconds until the access token expires.")
    refresh_token: str = Field(description="To get further access tokens at `/oauth/token`; can be used once.")

    @classmethod
    def of(cls, grant: Grant) -> "SessionTokens":
        """Return the response for a grant."""
        return cls(
            access_token=grant.access_token,
            expires_in=int(grant.expires_in.total_seconds()),
            refresh_token=grant.refresh_token or "",
        )


def sessions_router(sessions: Sessions) -> APIRouter:
    """Return a router with the login. Refreshing and logging out are in OAuth."""
    router = api_router(prefix="/api/v1/sessions", tag="sessions", description="Log in.", log_bodies=False)

    @router.post(
        "",
        status_code=201,
        responses=problem_responses(WRONG_CREDENTIALS, TOO_MANY_ATTEMPTS, HASHING_BUSY, NO_SIGNING_KEY, *BODY_PROBLEMS),
    )
    @public
    async def log_in(login: Login, request: Request) -> SessionTokens:
        """Log in: start a session, and get its tokens."""
        grant = await sessions.log_in(username=login.username, password=login.password, address=address_of(request))
        return SessionTokens.of(grant)

    return router
