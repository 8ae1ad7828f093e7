"""The contract of every repository of accounts, and an in-memory one that fulfils it."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from accounts_service.core.entities.accounts import Account, UsernameTaken
from accounts_service.core.repositories.accounts import AccountRepository

STRANGER = UUID(int=999)
NOW = datetime(2026, 11, 26, 12, 30, 15, 123456, tzinfo=UTC)


class InMemoryAccounts:
    """An AccountRepository without a database; `ended` lists the accounts whose sessions were ended."""

    def __init__(self) -> None:
        self.accounts: dict[UUID, Account] = {}
        self.ended: list[UUID] = []

    async def add(self, account: Account) -> None:
        if await self.named(account.username):
            raise UsernameTaken
        self.accounts[account.id] = account

    async def get(self, account_id: UUID) -> Account | None:
        return self.accounts.get(account_id)

    async def named(self, username: str) -> Account | None:
        wanted = username.lower()
        return next((each for each in self.accounts.values() if each.username.lower() == wanted), None)

    async def rehash(self, account: Account, password_hash: str) -> None:
        if self._is_unchanged(account):
            self.accounts[account.id] = replace(self.accounts[account.id], password_hash=password_hash)

    async def change_password(self, account: Account, password_hash: str) -> bool:
        if not self._is_unchanged(account):
            return False
        version = account.password_version + 1
        kept = self.accounts[account.id]
        self.accounts[account.id] = replace(kept, password_hash=password_hash, password_version=version)
        self.ended.append(account.id)
        return True

    def _is_unchanged(self, account: Account) -> bool:
        kept = self.accounts.get(account.id)
        return kept is not None and kept.password_version == account.password_version


def an_account(number: int = 1, *, username: str | None = None) -> Account:
    """Return one of many."""
    return Account(
        id=UUID(int=number),
        username=username or f"user{number}",
        password_hash=f"hash {number}",
        password_version=1,
        created_at=NOW,
    )


class AccountRepositoryContract:
    """Tests of an empty repository, which a subclass or its module provides as the fixture `repository`."""

    async def test_returns_exactly_the_account_that_was_added(self, repository: AccountRepository) -> None:
        account = an_account(username="Ada_L.-9")
        await repository.add(account)
        assert await repository.get(account.id) == account
        assert await repository.named("aDA_l.-9") == account

    @pytest.mark.parametrize("username", ["nobody", "", "ädmin_1", "x" * 1000, "user1\x00", "user%"])
    async def test_returns_none_for_an_unknown_username_or_id(
        self, repository: AccountRepository, username: str
    ) -> None:
        await repository.add(an_account())
        assert await repository.named(username) is None
        assert await repository.get(STRANGER) is None

    @pytest.mark.parametrize("username", ["ada_l", "ADA_L"])
    async def test_refuses_a_taken_username_ignoring_case(self, repository: AccountRepository, username: str) -> None:
        await repository.add(an_account(1, username="ada_l"))
        with pytest.raises(UsernameTaken):
            await repository.add(an_account(2, username=username))
        assert await repository.get(UUID(int=2)) is None

    async def test_rehash_keeps_the_password_version(self, repository: AccountRepository) -> None:
        account = an_account()
        await repository.add(account)
        await repository.rehash(account, "better hash")
        assert await repository.get(account.id) == replace(account, password_hash="better hash")

    async def test_password_change_increments_the_version(self, repository: AccountRepository) -> None:
        account = an_account()
        await repository.add(account)
        assert await repository.change_password(account, "new hash")
        assert await repository.get(account.id) == replace(account, password_hash="new hash", password_version=2)

    async def test_ignores_changes_based_on_an_older_password(self, repository: AccountRepository) -> None:
        account = an_account()
        await repository.add(account)
        await repository.change_password(account, "new hash")
        changed = await repository.get(account.id)
        assert not await repository.change_password(account, "other hash")
        await repository.rehash(account, "other hash")
        assert await repository.get(account.id) == changed

    async def test_ignores_changes_of_an_unknown_account(self, repository: AccountRepository) -> None:
        assert not await repository.change_password(an_account(), "new hash")
        await repository.rehash(an_account(), "new hash")
        assert await repository.get(UUID(int=1)) is None
