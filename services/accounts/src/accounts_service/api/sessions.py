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
    explanation="Username and password do not belong together.",
    headers={"WWW-Authenticate": "Bearer"},
)
PROBLEMS: Final = (ProblemFor(WrongCredentials, WRONG_CREDENTIALS),)


class Login(BaseModel):
    """Who wants to log in."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(examples=["alice"])
    password: str = Field(examples=["down the rabbit hole"], json_schema_extra=ANY_PASSWORD_SCHEMA)


class SessionTokens(BaseModel):
    """The tokens of a session."""

    access_token: str = Field(description="For `Authorization: Bearer …`.")
    token_type: str = "Bearer"  # noqa: S105 - RFC 6750
    expires_in: int = Field(description="Seconds that the access token is valid.")
    refresh_token: str = Field(description="Gets further access tokens at /oauth/token; good for one use.")

    @classmethod
    def of(cls, grant: Grant) -> "SessionTokens":
        """The answer with what was granted."""
        return cls(
            access_token=grant.access_token,
            expires_in=int(grant.expires_in.total_seconds()),
            refresh_token=grant.refresh_token or "",
        )


def sessions_router(sessions: Sessions) -> APIRouter:
    """The route to log in; to go on and to log out are those of OAuth."""
    router = api_router(prefix="/api/v1/sessions", tag="sessions", description="To log in.", log_bodies=False)

    @router.post(
        "",
        status_code=201,
        responses=problem_responses(WRONG_CREDENTIALS, TOO_MANY_ATTEMPTS, HASHING_BUSY, NO_SIGNING_KEY, *BODY_PROBLEMS),
    )
    @public
    async def log_in(login: Login, request: Request) -> SessionTokens:
        """Log in: begin a session."""
        grant = await sessions.log_in(username=login.username, password=login.password, address=address_of(request))
        return SessionTokens.of(grant)

    return router
