"""What every repository of accounts promises, and one in memory that keeps it."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from accounts_service.core.entities import accounts as entities
from accounts_service.core.entities.pages import Page
from accounts_service.core.repositories import accounts as repositories


class InMemoryAccounts:
    """The repository without a database."""

    def __init__(self) -> None:
        self.rows: dict[UUID, entities.Account] = {}

    async def add(self, new: entities.Account) -> None:
        if new.id in self.rows:
            raise ValueError(f"the id {new.id} is used already")
        self.rows[new.id] = new

    async def get(self, wanted_id: UUID) -> entities.Account | None:
        return self.rows.get(wanted_id)

    async def page(self, *, limit: int, after: UUID | None) -> Page[entities.Account]:
        ids = sorted((row_id for row_id in self.rows if after is None or row_id < after), reverse=True)
        rows = [self.rows[row_id] for row_id in ids[: limit + 1]]
        return Page.cut(rows, limit=limit, key=lambda row: row.id)


def make_one(number: int = 1, *, name: str = "First") -> entities.Account:
    """One of many; the higher the number, the newer."""
    created_at = datetime(2026, 11, 23, 12, 30, 15, 123456, tzinfo=UTC)
    return entities.Account(id=UUID(int=number), name=name, created_at=created_at)


async def add_all(
    repository: repositories.AccountRepository,
    *numbers: int,
) -> list[entities.Account]:
    """Add one for each number, in this order."""
    added = [make_one(number) for number in numbers]
    for one in added:
        await repository.add(one)
    return added


class AccountRepositoryContract:
    """Tests of an empty repository, which the fixture `repository` of a subclass or its module makes."""

    id_used_twice: type[Exception]
    """What is raised then; it is a bug, so core has no error for it."""

    @pytest.mark.parametrize("name", ["First", "Первый", "क्\u200dष", "𠮷" * 100])
    async def test_keeps_one_exactly_as_it_is(
        self,
        repository: repositories.AccountRepository,
        name: str,
    ) -> None:
        one = make_one(name=name)
        await repository.add(one)
        assert await repository.get(one.id) == one

    async def test_finds_nothing_under_an_unknown_id(
        self,
        repository: repositories.AccountRepository,
    ) -> None:
        await repository.add(make_one(1))
        assert await repository.get(UUID(int=2)) is None

    async def test_an_id_used_twice_replaces_nothing(
        self,
        repository: repositories.AccountRepository,
    ) -> None:
        one = make_one(name="First")
        await repository.add(one)
        with pytest.raises(self.id_used_twice):
            await repository.add(make_one(name="Second"))
        assert await repository.get(one.id) == one

    async def test_when_it_is_empty_there_is_one_empty_page(
        self,
        repository: repositories.AccountRepository,
    ) -> None:
        assert await repository.page(limit=10, after=None) == Page(items=(), next_after=None)

    @pytest.mark.parametrize("limit", [1, 2, 4, 5, 6, 100])
    async def test_pages_hold_each_once_newest_first(
        self,
        repository: repositories.AccountRepository,
        limit: int,
    ) -> None:
        """Newest by id: it does not matter in which order they were added."""
        first, fifth, third, second, fourth = await add_all(repository, 1, 2**127 + 1, 2**64, 2, 2**127)
        rest = [fifth, fourth, third, second, first]
        after = None
        while rest:
            page = await repository.page(limit=limit, after=after)
            assert [*page.items] == rest[:limit]
            rest, after = rest[limit:], page.next_after
            assert (after is None) == (not rest)

    async def test_a_page_begins_below_any_id_also_one_that_nothing_has(
        self,
        repository: repositories.AccountRepository,
    ) -> None:
        first, third, _ = await add_all(repository, 1, 3, 5)
        assert (await repository.page(limit=10, after=UUID(int=4))).items == (third, first)
        assert await repository.page(limit=10, after=first.id) == Page(items=(), next_after=None)

    async def test_a_page_is_not_moved_by_what_was_added_meanwhile(
        self,
        repository: repositories.AccountRepository,
    ) -> None:
        first, second = await add_all(repository, 1, 2)
        newest = await repository.page(limit=1, after=None)
        await repository.add(make_one(3))
        assert newest.items == (second,)
        assert (await repository.page(limit=1, after=newest.next_after)).items == (first,)
