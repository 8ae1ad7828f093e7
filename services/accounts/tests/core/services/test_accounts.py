"""The use cases, over a repository in memory."""

from datetime import UTC, datetime
from itertools import count
from uuid import UUID

import pytest

from accounts_service.core.entities.accounts import AccountNotFound
from accounts_service.core.errors import InvalidValue
from accounts_service.core.services import accounts as services

from ..repositories.accounts import InMemoryAccounts

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)


@pytest.fixture
def repository() -> InMemoryAccounts:
    return InMemoryAccounts()


@pytest.fixture
def service(repository: InMemoryAccounts) -> services.Accounts:
    ids = count(1)
    return services.Accounts(
        repository=repository,
        new_id=lambda: UUID(int=next(ids)),
        now=lambda: NOW,
    )


async def test_creates_with_a_new_id_and_the_time(service: services.Accounts) -> None:
    created = await service.create(name="First")
    assert (created.id, created.name, created.created_at) == (UUID(int=1), "First", NOW)
    assert await service.get(created.id) == created


async def test_keeps_nothing_that_breaks_a_rule(
    service: services.Accounts,
    repository: InMemoryAccounts,
) -> None:
    with pytest.raises(InvalidValue):
        await service.create(name="")
    assert not repository.rows


async def test_does_not_find_what_nobody_created(service: services.Accounts) -> None:
    with pytest.raises(AccountNotFound, match=str(UUID(int=999))):
        await service.get(UUID(int=999))


async def test_lists_the_newest_first_page_by_page(service: services.Accounts) -> None:
    first, second, third = [await service.create(name=f"Number {number}") for number in range(3)]
    newest = await service.page(limit=2, after=None)
    assert newest.items == (third, second)
    rest = await service.page(limit=2, after=newest.next_after)
    assert rest.items == (first,)
    assert rest.next_after is None
