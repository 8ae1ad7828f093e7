"""The repository of accounts."""

from typing import Protocol
from uuid import UUID

from ..entities.accounts import Account


class AccountRepository(Protocol):
    """The storage for the use cases. Errors of the storage itself pass through."""

    async def add(self, account: Account) -> None:
        """Add a new account durably. Raises UsernameTaken, also for concurrent calls."""

    async def get(self, account_id: UUID) -> Account | None:
        """Return the account with this ID, or None."""

    async def named(self, username: str) -> Account | None:
        """Return the account with this username, ignoring case, or None."""

    async def rehash(self, account: Account, password_hash: str) -> None:
        """Store another hash of the same password, unless the password has been changed since."""

    async def change_password(self, account: Account, password_hash: str) -> bool:
        """Store the hash of a new password and end all sessions of the account, in one transaction.

        Return False, without changes, if the password has been changed since.
        """
