"""Run Alembic on the database of a service, one process at a time. Used by `migrations/env.py`."""

import asyncio
import logging
from collections.abc import Collection
from typing import Final

from alembic import context
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.settings import ChassisSettings

from .comparison import Comparison
from .engine import create_patient_engine
from .migrations import SETTINGS, revisions_of
from .server_defaults import ComparingImpl

# Any number of replicas can start at once: the first migrates, the others wait and find nothing to do.
LOCK_ID: Final = 0x616C6C69756D  # "allium"
LOCK: Final = text("SELECT pg_try_advisory_lock(:id)").bindparams(id=LOCK_ID)
POLL_SECONDS: Final = 0.2

logger = logging.getLogger(__name__)


def run_migrations(settings: ChassisSettings, models: MetaData, *, unmanaged: Collection[str] = ()) -> None:
    """Run Alembic's current command on the database.

    Each migration has its own transaction; a lock is held over all. `unmanaged`: names in the database, with `*` as a
    wildcard, that the models do not describe: `table`, `schema.table`, `table.column`, `index`.
    """
    asyncio.run(_run(settings, models, unmanaged))


def print_migrations(models: MetaData) -> None:
    """Print the SQL of Alembic's current command (`--sql`)."""
    context.configure(
        dialect_name=ComparingImpl.__dialect__,
        target_metadata=models,
        literal_binds=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _run(settings: ChassisSettings, models: MetaData, unmanaged: Collection[str]) -> None:
    engine = create_patient_engine(settings)  # connects as the service does, but without timeouts
    try:
        async with engine.connect() as connection:
            await _lock(connection)
            await connection.run_sync(_migrate, models, unmanaged)
    finally:
        await engine.dispose()


async def _lock(connection: AsyncConnection) -> None:
    """Take a lock until the connection is closed, also across a migration's own commits."""
    # Poll, since CREATE INDEX CONCURRENTLY waits for every statement that waits for a lock.
    while not await connection.scalar(LOCK):
        await connection.commit()
        logger.info("another process is migrating; waiting for it")
        await asyncio.sleep(POLL_SECONDS)
    await connection.commit()


def _migrate(connection: Connection, models: MetaData, unmanaged: Collection[str]) -> None:
    if SETTINGS in context.config.attributes and (newer := _unknown_revisions(connection)):
        logger.info("the schema is at %s, from a newer release; nothing to do", ", ".join(newer))
        return
    comparison = Comparison(connection, models, unmanaged)
    context.configure(
        connection=connection,
        target_metadata=models,
        transaction_per_migration=True,  # a new enum member can be used only after a commit
        include_schemas=True,
        include_name=comparison.includes_name,
        include_object=comparison.includes_object,
        compare_server_default=True,  # by `ComparingImpl`
        render_item=comparison.import_type,
        process_revision_directives=comparison.complete,
    )
    try:
        with context.begin_transaction():
            context.run_migrations()
    except CommandError:  # nothing was begun
        raise
    except Exception:
        if not connection.closed and not connection.invalidated:
            connection.rollback()
            logger.error("a migration failed; the schema is at %s", ", ".join(_heads(connection)) or "base")  # noqa: TRY400 - the exception is raised again
        raise


def _unknown_revisions(connection: Connection) -> list[str]:
    _, known = revisions_of(context.config)
    return [revision for revision in _heads(connection) if revision not in known]


def _heads(connection: Connection) -> tuple[str, ...]:
    heads = MigrationContext.configure(connection).get_current_heads()
    connection.rollback()  # ends the transaction of this query, since Alembic begins its own
    return heads
