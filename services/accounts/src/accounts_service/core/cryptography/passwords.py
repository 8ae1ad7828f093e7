"""Password hashing."""

from typing import Protocol


class HashingBusy(Exception):
    """Too many passwords are being hashed, so this one waited too long."""

    def __str__(self) -> str:
        return "Too many passwords are being checked right now; try again in a moment."


class Passwords(Protocol):
    """Slow password hashes. Passwords must be normalised. `hash` and `verify` raise HashingBusy if too many wait."""

    async def hash(self, password: str) -> str:
        """Return a hash to store."""

    async def verify(self, password_hash: str | None, password: str | None) -> bool:
        """Return whether the password matches. False, in the same time, if the hash or the password is None."""

    def is_outdated(self, password_hash: str) -> bool:
        """Return whether the parameters of the hash are outdated."""
