"""Authentication: verify access tokens of an issuer (RFC 9068), and let operations declare who may use them.

If AUTH_ISSUER is set, every request needs a token, except for operations marked `public`.
"""

from .client_credentials import ClientCredentials
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
from .signing_keys import KeySource

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
    "ClientCredentials",
    "KeySource",
    "Principal",
    "public",
    "scopes",
]
