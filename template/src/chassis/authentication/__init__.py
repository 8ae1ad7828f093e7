"""Who is calling: access tokens of an issuer (RFC 9068) are verified, and operations say who may use them.

Where AUTH_ISSUER is set, every request needs a token, unless what it asks for is marked `public`.
For the token of a service's own calls, import `ClientCredentials` from `chassis.authentication.client_credentials`:
the libraries for it are slow to import, and most services need none of them.
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
