"""Changes that are committed together."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol


class UnitOfWork(Protocol):
    """`async with unit_of_work():` commits what repositories do in the block, or rolls it back after any error.

    A nested unit can be rolled back on its own. Do not call other services in a unit: it holds resources.
    """

    def __call__(self) -> AbstractAsyncContextManager[object]:
        """Begin a unit of work."""
