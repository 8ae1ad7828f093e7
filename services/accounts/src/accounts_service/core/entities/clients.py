"""Clients: services that get tokens in their own name (RFC 6749 section 4.4)."""

import hashlib
import hmac
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """A service, the hash of its secret, and what it may do."""

    id: str
    secret_sha256: bytes
    """SHA-256 is enough for a secret of 32 random bytes, which nobody can guess."""
    scopes: frozenset[str]

    def knows(self, secret: str) -> bool:
        """Whether this is its secret."""
        return hmac.compare_digest(hashlib.sha256(secret.encode()).digest(), self.secret_sha256)


class UnknownClient(Exception):
    """There is no such client, or its secret is wrong."""

    def __str__(self) -> str:
        return "The client is unknown or its secret is wrong."


class ScopeRefused(Exception):
    """The client asks for more than it may do."""

    def __str__(self) -> str:
        return "The client may not have this scope."
