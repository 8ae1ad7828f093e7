"""The contract of a unit of work, and an in-memory one that fulfils it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from copy import copy
from typing import Any, Protocol, TypeVar
from uuid import UUID

import pytest

from friends_service.core.repositories.unit_of_work import UnitOfWork

New_contra = TypeVar("New_contra", contravariant=True)


class InMemoryUnitOfWork:
    """A unit of work that restores in-memory repositories if the block raises."""

    def __init__(self, *repositories: object) -> None:
        self.committed = 0
        self._repositories = repositories
        self._depth = 0

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[None]:
        before = [{name: copy(value) for name, value in vars(each).items()} for each in self._repositories]
        self._depth += 1
        try:
            yield
        except BaseException:
            for repository, held in zip(self._repositories, before, strict=True):
                vars(repository).update(held)
            raise
        else:
            self.committed += self._depth == 1
        finally:
            self._depth -= 1


class Repository(Protocol[New_contra]):
    async def add(self, new: New_contra, /) -> None: ...
    async def get(self, wanted_id: UUID, /) -> object | None: ...


class UnitOfWorkContract:
    """Tests with the fixtures `unit_of_work` and an empty `repository`; `make` creates the item with a number."""

    make: Callable[[int], Any]

    async def test_keeps_everything_at_the_end(self, unit_of_work: UnitOfWork, repository: Repository[Any]) -> None:
        async with unit_of_work():
            await repository.add(self.make(1))
            await repository.add(self.make(2))
            assert await kept(repository) == [1, 2]
        assert await kept(repository) == [1, 2]

    async def test_rolls_back_on_an_error(self, unit_of_work: UnitOfWork, repository: Repository[Any]) -> None:
        with pytest.raises(FileNotFoundError):
            await self.fail_after(unit_of_work, repository, 1, 2)
        assert await kept(repository) == []

    async def test_rolls_back_a_nested_unit_alone(self, unit_of_work: UnitOfWork, repository: Repository[Any]) -> None:
        async with unit_of_work():
            await repository.add(self.make(1))
            with pytest.raises(FileNotFoundError):
                await self.fail_after(unit_of_work, repository, 2)
            async with unit_of_work():
                await repository.add(self.make(3))
        assert await kept(repository) == [1, 3]

    async def fail_after(self, unit_of_work: UnitOfWork, repository: Repository[Any], *numbers: int) -> None:
        async with unit_of_work():
            for number in numbers:
                await repository.add(self.make(number))
            raise FileNotFoundError


async def kept(repository: Repository[Any]) -> list[int]:
    return [number for number in range(1, 4) if await repository.get(UUID(int=number))]
