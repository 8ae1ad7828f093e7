"""Why a request is refused for what it says, or does not say, of its caller; and how each is answered (RFC 6750)."""

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
    explanation="The operation needs an access token: `Authorization: Bearer …`.",
)
INVALID_TOKEN: Final = Problem(
    slug="invalid-token",
    status=401,
    title="Invalid access token",
    headers={CHALLENGE: 'Bearer error="invalid_token"'},
    explanation="The access token is not valid (any more). Get a new one.",
)
MISPLACED_TOKEN: Final = Problem(
    slug="misplaced-token",
    status=400,
    title="Misplaced access token",
    headers={CHALLENGE: 'Bearer error="invalid_request"'},
    explanation="The access token belongs into the one header `Authorization`.",
)
INSUFFICIENT_SCOPE: Final = Problem(
    slug="insufficient-scope",
    status=403,
    title="Insufficient scope",
    headers={CHALLENGE: 'Bearer error="insufficient_scope"'},
    explanation="The access token does not allow this. `WWW-Authenticate` names the scope that is needed.",
)
NOT_AN_ACCOUNT: Final = Problem(
    slug="not-an-account",
    status=403,
    title="Not the token of an account",
    explanation="The access token is not that of a person's account.",
)
ISSUER_UNAVAILABLE: Final = Problem(
    slug="issuer-unavailable",
    status=503,
    title="Issuer of tokens unavailable",
    retry_after=RETRY_AFTER_SECONDS,
    explanation="Access tokens cannot be checked at the moment. Try again in a moment.",
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
    """A request that is not served; its text is for the client and holds nothing of the token."""

    problem: ClassVar[Problem]


class AuthenticationRequired(Refused):
    """No token was sent."""

    problem = AUTHENTICATION_REQUIRED

    def __init__(self) -> None:
        super().__init__("Send an access token: `Authorization: Bearer …`.")


class InvalidToken(Refused):
    """What was sent is no token that counts here."""

    problem = INVALID_TOKEN

    def __init__(self, reason: str = "is not valid") -> None:
        super().__init__(f"The access token {reason}.")


class UnknownKey(InvalidToken):
    """Signed with a key that is not known; the issuer may have a new one."""


class MisplacedToken(Refused):
    """Tokens in places where others may read them, or in several."""

    problem = MISPLACED_TOKEN


class InsufficientScope(Refused):
    """The caller is known, and may not do this."""

    problem = INSUFFICIENT_SCOPE

    def __init__(self, needed: Collection[str]) -> None:
        super().__init__("The access token does not allow this.")
        self.challenge = f'Bearer error="insufficient_scope", scope="{" ".join(needed)}"'


class NotAnAccount(Refused):
    """The caller is known, and is no person: the subject of the token is no UUID."""

    problem = NOT_AN_ACCOUNT

    def __init__(self) -> None:
        super().__init__("The access token is not that of a person's account.")


class IssuerUnavailable(Refused):
    """Whether the token is valid cannot be told, since the issuer's keys are not known."""

    problem = ISSUER_UNAVAILABLE

    def __init__(self) -> None:
        super().__init__("Access tokens cannot be checked at the moment.")


PROBLEMS: Final[tuple[ProblemFor[Any], ...]] = (
    ProblemFor(AuthenticationRequired, AUTHENTICATION_REQUIRED),
    ProblemFor(NotAnAccount, NOT_AN_ACCOUNT),
    ProblemFor(InsufficientScope, INSUFFICIENT_SCOPE, headers=lambda error: {CHALLENGE: error.challenge}),
)
"""What operations raise; the others are answered before one is reached."""
