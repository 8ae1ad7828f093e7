"""Authentication: verify access tokens of an issuer (RFC 9068), and let operations declare who may use them.

If AUTH_ISSUER is set, every request needs a token, except for operations marked `public`.
For the token of a service's own calls, import `ClientCredentials` from `chassis.authentication.client_credentials`:
its libraries are slow to import, and most services do not need them.
"""

from .key_source import KeySource
from .marks import INTERNAL, Caller, public, scopes
from .principal import Principal
from .refusals import (
    AUTHENTICATION_REQUIRED,
    INSUFFICIENT_SCOPE,
    INVALID_TOKEN,
    ISSUER_UNAVAILABLE,
    MISPLACED_TOKEN,
    NOT_AN_ACCOUNT,
    AuthenticationRequired,
)

__all__ = [
    "AUTHENTICATION_REQUIRED",
    "INSUFFICIENT_SCOPE",
    "INTERNAL",
    "INVALID_TOKEN",
    "ISSUER_UNAVAILABLE",
    "MISPLACED_TOKEN",
    "NOT_AN_ACCOUNT",
    "AuthenticationRequired",
    "Caller",
    "KeySource",
    "Principal",
    "public",
    "scopes",
]
