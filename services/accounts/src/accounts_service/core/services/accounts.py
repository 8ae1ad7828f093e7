"""The use cases of accounts."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from ..cryptography.passwords import Passwords
from ..entities.accounts import Account, WrongPassword, check_password, clean_username, spelled_alike
from ..repositories.accounts import AccountRepository
from .attempts import Attempts


class Accounts:
    """The use cases of accounts. `now` returns the time in UTC."""

    def __init__(
        self,
        *,
        repository: AccountRepository,
        passwords: Passwords,
        attempts: Attempts,
        new_id: Callable[[], UUID],
        now: Callable[[], datetime],
    ) -> None:
        self._repository = repository
        self._passwords = passwords
        self._attempts = attempts
        self._new_id = new_id
        self._now = now

    async def register(self, *, username: str, password: str, address: str) -> Account:
        """Add an account and return it. Raises InvalidValue, TooManyAttempts, UsernameTaken or HashingBusy."""
        username = clean_username(username)
        password = check_password(password, username=username)
        await self._attempts.count_registration(address)
        password_hash = await self._passwords.hash(password)
        account = Account.register(
            account_id=self._new_id(), username=username, password_hash=password_hash, created_at=self._now()
        )
        await self._repository.add(account)
        return account

    async def change_password(
        self, account_id: UUID, *, current_password: str, new_password: str, address: str
    ) -> None:
        """Change the password and end all sessions.

        Raises InvalidValue, WrongPassword, TooManyAttempts or HashingBusy.
        """
        account = await self._repository.get(account_id)
        if account is None:
            raise WrongPassword
        password = check_password(new_password, username=account.username, field="new_password")
        async with self._attempts.attempt(account.username, address):
            await self._verify(account, current_password)
        password_hash = await self._passwords.hash(password)
        if not await self._repository.change_password(account, password_hash):
            raise WrongPassword

    async def _verify(self, account: Account, password: str) -> None:
        if not await self._passwords.verify(account.password_hash, spelled_alike(password)):
            raise WrongPassword
