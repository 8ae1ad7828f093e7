"""Errors of authentication and authorization, and their problems (RFC 6750)."""

from collections.abc import Collection
from typing import Any, ClassVar, Final

from chassis.problems import Problem, ProblemFor
from chassis.problems.catalogue import RETRY_AFTER_SECONDS

CHALLENGE: Final = "WWW-Authenticate"

AUTHENTICATION_REQUIRED: Final = Problem(
    slug="authentication-required",
    status=401,
    title="Authentication required",
    headers={CHALLENGE: "Bearer"},
    explanation="This operation needs an access token: `Authorization: Bearer …`.",
)
INVALID_TOKEN: Final = Problem(
    slug="invalid-token",
    status=401,
    title="Invalid access token",
    headers={CHALLENGE: 'Bearer error="invalid_token"'},
    explanation="The access token is invalid or has expired. Get a new one.",
)
MISPLACED_TOKEN: Final = Problem(
    slug="misplaced-token",
    status=400,
    title="Misplaced access token",
    headers={CHALLENGE: 'Bearer error="invalid_request"'},
    explanation="Send the access token in a single `Authorization` header, and nowhere else.",
)
INSUFFICIENT_SCOPE: Final = Problem(
    slug="insufficient-scope",
    status=403,
    title="Insufficient scope",
    headers={CHALLENGE: 'Bearer error="insufficient_scope"'},
    explanation="The access token lacks a scope. `WWW-Authenticate` lists the required scopes.",
)
NOT_AN_ACCOUNT: Final = Problem(
    slug="not-an-account",
    status=403,
    title="Not a token of an account",
    explanation="The access token does not belong to a person's account.",
)
ISSUER_UNAVAILABLE: Final = Problem(
    slug="issuer-unavailable",
    status=503,
    title="Token issuer unavailable",
    retry_after=RETRY_AFTER_SECONDS,
    explanation="Access tokens cannot be verified right now. Try again in a moment.",
)


KINDS: Final = (
    AUTHENTICATION_REQUIRED,
    INVALID_TOKEN,
    MISPLACED_TOKEN,
    INSUFFICIENT_SCOPE,
    NOT_AN_ACCOUNT,
    ISSUER_UNAVAILABLE,
)


class Refused(Exception):
    """A request that is refused. Its message is for the client and contains nothing of the token."""

    problem: ClassVar[Problem]


class AuthenticationRequired(Refused):
    """No token was sent."""

    problem = AUTHENTICATION_REQUIRED

    def __init__(self) -> None:
        super().__init__("Send an access token: `Authorization: Bearer …`.")


class InvalidToken(Refused):
    """The token is not valid here."""

    problem = INVALID_TOKEN

    def __init__(self, reason: str = "is not valid") -> None:
        super().__init__(f"The access token {reason}.")


class UnknownKey(InvalidToken):
    """The token is signed with an unknown key. The issuer may have a new one."""


class MisplacedToken(Refused):
    """The token is in a place where others may read it, or there are several."""

    problem = MISPLACED_TOKEN


class InsufficientScope(Refused):
    """The caller lacks a scope for this operation."""

    problem = INSUFFICIENT_SCOPE

    def __init__(self, needed: Collection[str]) -> None:
        super().__init__("The access token lacks a scope that this operation requires.")
        self.challenge = f'Bearer error="insufficient_scope", scope="{" ".join(needed)}"'


class NotAnAccount(Refused):
    """The caller is not a person: the subject of the token is not a UUID."""

    problem = NOT_AN_ACCOUNT

    def __init__(self) -> None:
        super().__init__("The access token does not belong to a person's account.")


class IssuerUnavailable(Refused):
    """The token cannot be verified, since the issuer's keys are not available."""

    problem = ISSUER_UNAVAILABLE

    def __init__(self) -> None:
        super().__init__("Access tokens cannot be verified right now.")


PROBLEMS: Final[tuple[ProblemFor[Any], ...]] = (
    ProblemFor(AuthenticationRequired, AUTHENTICATION_REQUIRED),
    ProblemFor(NotAnAccount, NOT_AN_ACCOUNT),
    ProblemFor(InsufficientScope, INSUFFICIENT_SCOPE, headers=lambda error: {CHALLENGE: error.challenge}),
)
"""Problems for the errors that operations raise. The middleware responds to the others."""
