"""A fair queue admits a limited number at a time, in order; waiting is limited and no slot is ever lost."""

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
    """Let every task run as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


class Crowd:
    """Tasks that queue for a limit; `inside` are those admitted that have not left. All are cancelled at the end."""

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


async def test_admits_up_to_the_limit_then_in_order() -> None:
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
        assert crowd.inside == [5, 6], "the limit must be as at first"


async def test_a_new_task_does_not_overtake_waiting_ones() -> None:
    limit = limit_of(1)
    async with Crowd(limit) as crowd:
        await crowd.come(2)
        crowd.exits[0].set()  # in the same iteration of the event loop as the new task
        async with Crowd(limit) as newcomer:
            await newcomer.come(1)
            assert (crowd.inside, newcomer.inside) == ([1], [])


async def test_refuses_a_task_after_its_maximum_wait() -> None:
    async with Crowd(limit_of(1, wait=0.05)) as crowd:
        await crowd.come(3)
        refusals = await asyncio.gather(*crowd.tasks[1:], return_exceptions=True)
        assert [type(refusal) for refusal in refusals] == [Refused, Refused]
        await crowd.leave(0)
        await crowd.come(1)
        assert crowd.inside == [3], "a refused task must take no slot"


async def leave_first(crowd: Crowd, number: int) -> None:
    crowd.exits[0].set()
    await asyncio.sleep(0)
    crowd.tasks[number].cancel()


async def cancel_first(crowd: Crowd, number: int) -> None:
    crowd.tasks[number].cancel()
    crowd.exits[0].set()


@pytest.mark.parametrize("how", [leave_first, cancel_first])
async def test_passes_the_turn_of_a_cancelled_task_to_the_next(how: Callable[[Crowd, int], Awaitable[None]]) -> None:
    async with Crowd(limit_of(1)) as crowd:
        await crowd.come(3)
        await how(crowd, 1)
        await settle()
        assert crowd.tasks[1].cancelled()
        assert crowd.inside == [2]
        await crowd.leave(2)
        await crowd.come(2)
        assert crowd.inside == [3], "one slot must be free, not two"


@pytest.mark.parametrize("earlier", [0.0, 0.000_1, 0.001])
async def test_cancelling_a_task_during_its_refusal_frees_no_extra_slot(earlier: float) -> None:
    async with Crowd(limit_of(1, wait=0.02)) as crowd:
        await crowd.come(2)
        asyncio.get_running_loop().call_later(0.02 - earlier, crowd.tasks[1].cancel)
        await asyncio.wait(crowd.tasks[1:])
        assert crowd.tasks[1].cancelled() or isinstance(crowd.tasks[1].exception(), Refused)
        await crowd.leave(0)
        await crowd.come(2)
        assert crowd.inside == [2], "one slot must be free, not two"
        with pytest.raises(Refused):
            await crowd.tasks[3]
