"""Problems for the errors that all entities share. Those of one entity are next to its routes."""

from typing import Final

from fastapi import Request

from chassis.problems import INVALID_REQUEST, Problem, ProblemFor, invalid_field

from ..core.cryptography.passwords import HashingBusy
from ..core.entities.attempts import TooManyAttempts
from ..core.entities.signing_keys import NoSigningKey
from ..core.errors import InvalidValue

TOO_MANY_ATTEMPTS: Final = Problem(
    slug="too-many-attempts",
    status=429,
    title="Too many attempts",
    retry_after=60,
    explanation="There were too many wrong passwords or registrations. `Retry-After` says how long to wait.",
)
HASHING_BUSY: Final = Problem(
    slug="too-many-logins",
    status=503,
    title="Too many logins at once",
    retry_after=2,
    explanation="Too many passwords are being checked right now. Try again in a moment.",
)
NO_SIGNING_KEY: Final = Problem(
    slug="no-signing-key",
    status=503,
    title="No token can be signed",
    retry_after=30,
    explanation="The service has no usable signing key.",
)
COMMON_PROBLEMS: Final = (
    ProblemFor(
        InvalidValue,
        INVALID_REQUEST,
        members=lambda error: {"errors": [invalid_field(error.field, detail=str(error))]},
    ),
    ProblemFor(TooManyAttempts, TOO_MANY_ATTEMPTS, headers=lambda error: {"Retry-After": str(error.seconds)}),
    ProblemFor(HashingBusy, HASHING_BUSY),
    ProblemFor(NoSigningKey, NO_SIGNING_KEY),
)


def address_of(request: Request) -> str:
    """Return the client's address, according to FORWARDED_ALLOW_IPS, or an empty string for a Unix socket."""
    return request.client.host if request.client else ""
