"""Who is calling: access tokens of an issuer (RFC 9068) are verified, and operations say who may use them.

Where AUTH_ISSUER is set, every request needs a token, unless what it asks for is marked `public`.
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
