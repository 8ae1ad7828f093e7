"""Changes that hold together."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol


class UnitOfWork(Protocol):
    """`async with unit_of_work():` keeps all that repositories do in the block, or, after any error in it, nothing.

    A unit inside of another is a part of it that is undone by itself. Call no other service in it: it holds resources.
    """

    def __call__(self) -> AbstractAsyncContextManager[object]:
        """Begin one."""
