"""Where accounts are kept."""

from typing import Protocol
from uuid import UUID

from ..entities.accounts import Account


class AccountRepository(Protocol):
    """The accounts, as the use cases need them; what goes wrong with the storage itself passes through."""

    async def add(self, account: Account) -> None:
        """Keep a new account durably, or raise UsernameTaken; holds whatever else is being added at the same time."""

    async def get(self, account_id: UUID) -> Account | None:
        """The account with this id, if there is one."""

    async def named(self, username: str) -> Account | None:
        """The account with this username, ignoring case."""

    async def rehash(self, account: Account, password_hash: str) -> None:
        """Keep another hash of the same password; nothing happens if the password was changed meanwhile."""

    async def change_password(self, account: Account, password_hash: str) -> bool:
        """Keep the hash of a new password and end all sessions of the account, both or neither.

        False, and nothing is changed, if the password was changed meanwhile.
        """
