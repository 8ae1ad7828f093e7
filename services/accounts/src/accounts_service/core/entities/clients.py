"""Clients: services that get tokens for themselves (RFC 6749 section 4.4)."""

import hashlib
import hmac
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """A service, the hash of its secret, and its scopes."""

    id: str
    secret_sha256: bytes
    """SHA-256 is enough, since a secret of 32 random bytes cannot be guessed."""
    scopes: frozenset[str]

    def knows(self, secret: str) -> bool:
        """Return whether this is its secret."""
        return hmac.compare_digest(hashlib.sha256(secret.encode()).digest(), self.secret_sha256)


class UnknownClient(Exception):
    """The client does not exist, or its secret is wrong."""

    def __str__(self) -> str:
        return "The client is unknown or its secret is wrong."


class ScopeRefused(Exception):
    """The client requests a scope that it does not have."""

    def __str__(self) -> str:
        return "The client does not have this scope."
