"""Runs Alembic on the database of this service, for its `migrate` command and for `alembic` itself alike."""

import asyncio
import logging
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Base
from chassis.database.engine import create_patient_engine
from chassis.database.migrations import SETTINGS
from chassis.logs import configure_logging
from chassis.process import load_settings

from users_service.infrastructure import database
from users_service.settings import Settings

# Any number of replicas may start at once: the first migrates, the others wait and find nothing to do.
LOCK_ID: Final = 0x616C6C69756D  # "allium"
LOCK: Final = text("SELECT pg_try_advisory_lock(:id)").bindparams(id=LOCK_ID)
POLL_SECONDS: Final = 0.2

logger = logging.getLogger("alembic.env")

for module in iter_modules(database.__path__, prefix=f"{database.__name__}."):
    import_module(module.name)  # so that every model is known to Base.metadata


def run(connection: Connection) -> None:
    """Migrate in one transaction."""
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


async def lock(connection: AsyncConnection) -> None:
    """Take a lock that lasts until the connection is closed, also across a migration's own commits."""
    # Asking again and again, since CREATE INDEX CONCURRENTLY waits for every statement that waits for a lock.
    while not await connection.scalar(LOCK):
        await connection.commit()
        logger.info("another process is migrating; waiting for it")
        await asyncio.sleep(POLL_SECONDS)
    await connection.commit()


async def run_online() -> None:
    """Connect as the service does, but without its limits in time."""
    settings = context.config.attributes.get(SETTINGS)
    if settings is None:  # it is Alembic's own command
        settings = load_settings(Settings)
        configure_logging(settings)
    engine = create_patient_engine(settings)
    try:
        async with engine.connect() as connection:
            await lock(connection)
            await connection.run_sync(run)
    finally:
        await engine.dispose()


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(run_online())
