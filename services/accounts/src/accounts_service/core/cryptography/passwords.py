"""What is needed to keep passwords without knowing them."""

from typing import Protocol


class HashingBusy(Exception):
    """So many passwords are being looked at that one more would have to wait too long."""

    def __str__(self) -> str:
        return "Too many passwords are being checked now; try again in a moment."


class Passwords(Protocol):
    """Slow hashes. Both methods raise HashingBusy when too many wait; passwords are normalised before."""

    async def hash(self, password: str) -> str:
        """A hash to keep."""

    async def verify(self, password_hash: str | None, password: str | None) -> bool:
        """Whether it is the password; without a hash or a password it takes as long, and is not."""

    def is_outdated(self, password_hash: str) -> bool:
        """Whether one would make another hash today."""
