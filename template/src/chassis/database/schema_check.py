"""Check whether a table or column is missing because the database has not been migrated."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from .migrations import is_at_head


class SchemaCheck:
    """Checks the schema with a connection from `lend`. Concurrent calls share one check."""

    def __init__(self, lend: Callable[[], AbstractAsyncContextManager[AsyncConnection]]) -> None:
        self._lend = lend
        self._examination: asyncio.Task[bool] | None = None

    async def is_migrated(self) -> bool:
        """Return whether the schema is as new as this release. Raises `DatabaseUnavailable`, `UnusableMigrations`."""
        if self._examination is None or self._examination.done():
            self._examination = asyncio.create_task(self._examine())
        return await asyncio.shield(self._examination)

    async def _examine(self) -> bool:
        try:
            async with self._lend() as connection:
                return await is_at_head(connection)
        except DBAPIError:  # even the table of revisions is missing
            return False
