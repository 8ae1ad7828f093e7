"""Where accounts are kept."""

from typing import Protocol
from uuid import UUID

from ..entities import pages
from ..entities.accounts import Account


class AccountRepository(Protocol):
    """The storage, as the use cases need it; what goes wrong with the storage itself passes through."""

    async def add(self, new: Account) -> None:
        """Keep a new one durably."""

    async def get(self, wanted_id: UUID) -> Account | None:
        """The one with this id, if there is one."""

    async def page(self, *, limit: int, after: UUID | None) -> pages.Page[Account]:
        """At most `limit` by descending id (newest first), strictly below `after` if that is given."""
