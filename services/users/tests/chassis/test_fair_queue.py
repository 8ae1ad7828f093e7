"""So many at a time, first come, first served; nobody waits for ever, and no place is ever lost."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self

import pytest

from chassis.fair_queue import FairQueue


class Refused(Exception):
    pass


def limit_of(size: int, *, wait: float = 60) -> FairQueue:
    return FairQueue(size, wait=wait, refusal=Refused, name="tested")


async def settle() -> None:
    """Let every task come as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


class Crowd:
    """Tasks that want to pass a limit; `inside` are those that did and have not left. All are gone at its end."""

    def __init__(self, limit: FairQueue) -> None:
        self.limit = limit
        self.inside: list[int] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.exits: list[asyncio.Event] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def come(self, people: int) -> None:
        for _ in range(people):
            self.exits.append(asyncio.Event())
            self.tasks.append(asyncio.create_task(self._pass(len(self.tasks))))
        await settle()

    async def leave(self, number: int) -> None:
        self.exits[number].set()
        await settle()

    async def _pass(self, number: int) -> None:
        async with self.limit:
            self.inside.append(number)
            await self.exits[number].wait()
            self.inside.remove(number)


async def test_lets_so_many_in_and_the_next_in_turn() -> None:
    async with Crowd(limit_of(2)) as crowd:
        await crowd.come(5)
        assert crowd.inside == [0, 1]
        await crowd.leave(1)
        assert crowd.inside == [0, 2]
        await crowd.leave(0)
        assert crowd.inside == [2, 3]
        for number in (2, 3, 4):
            await crowd.leave(number)
        await crowd.come(3)
        assert crowd.inside == [5, 6], "as many as at first"


async def test_a_newcomer_does_not_overtake() -> None:
    limit = limit_of(1)
    async with Crowd(limit) as crowd:
        await crowd.come(2)
        crowd.exits[0].set()  # in the same turn of the event loop as the newcomer
        async with Crowd(limit) as newcomer:
            await newcomer.come(1)
            assert (crowd.inside, newcomer.inside) == ([1], [])


async def test_refuses_who_has_waited_long_enough() -> None:
    async with Crowd(limit_of(1, wait=0.05)) as crowd:
        await crowd.come(3)
        refusals = await asyncio.gather(*crowd.tasks[1:], return_exceptions=True)
        assert [type(refusal) for refusal in refusals] == [Refused, Refused]
        await crowd.leave(0)
        await crowd.come(1)
        assert crowd.inside == [3], "who was refused takes no place"


async def leave_first(crowd: Crowd, number: int) -> None:
    crowd.exits[0].set()
    await asyncio.sleep(0)
    crowd.tasks[number].cancel()


async def cancel_first(crowd: Crowd, number: int) -> None:
    crowd.tasks[number].cancel()
    crowd.exits[0].set()


@pytest.mark.parametrize("how", [leave_first, cancel_first])
async def test_the_turn_of_one_who_went_away_is_the_next_ones(how: Callable[[Crowd, int], Awaitable[None]]) -> None:
    async with Crowd(limit_of(1)) as crowd:
        await crowd.come(3)
        await how(crowd, 1)
        await settle()
        assert crowd.tasks[1].cancelled()
        assert crowd.inside == [2]
        await crowd.leave(2)
        await crowd.come(2)
        assert crowd.inside == [3], "one place, not two"


@pytest.mark.parametrize("earlier", [0.0, 0.000_1, 0.001])
async def test_one_who_is_cancelled_while_being_refused_leaves_no_second_place(earlier: float) -> None:
    async with Crowd(limit_of(1, wait=0.02)) as crowd:
        await crowd.come(2)
        asyncio.get_running_loop().call_later(0.02 - earlier, crowd.tasks[1].cancel)
        await asyncio.wait(crowd.tasks[1:])
        assert crowd.tasks[1].cancelled() or isinstance(crowd.tasks[1].exception(), Refused)
        await crowd.leave(0)
        await crowd.come(2)
        assert crowd.inside == [2], "one place, not two"
        with pytest.raises(Refused):
            await crowd.tasks[3]
