"""What can be done with accounts."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from ..entities import pages
from ..entities.accounts import Account, AccountNotFound
from ..repositories.accounts import AccountRepository


class Accounts:
    """The use cases; `now` tells the time in UTC."""

    def __init__(
        self,
        *,
        repository: AccountRepository,
        new_id: Callable[[], UUID],
        now: Callable[[], datetime],
    ) -> None:
        self._repository = repository
        self._new_id = new_id
        self._now = now

    async def create(self, *, name: str) -> Account:
        """Add a new one; raises InvalidValue."""
        created = Account.create(
            new_id=self._new_id(),
            name=name,
            created_at=self._now(),
        )
        await self._repository.add(created)
        return created

    async def get(self, wanted_id: UUID) -> Account:
        """The one with this id, or AccountNotFound."""
        found = await self._repository.get(wanted_id)
        if found is None:
            raise AccountNotFound(wanted_id)
        return found

    async def page(self, *, limit: int, after: UUID | None) -> pages.Page[Account]:
        """The newest, or those next after the last id of the page before."""
        return await self._repository.page(limit=limit, after=after)
