"""Runs Alembic on the service's database, for `python -m friends_service migrate` and for `alembic` itself alike."""

import asyncio
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from alembic import context
from sqlalchemy import Connection, text

from friends_service.chassis.database import Base, create_engine
from friends_service.chassis.logging import configure_logging
from friends_service.chassis.settings import load
from friends_service.infrastructure import database
from friends_service.settings import Settings

# Any number of replicas may start at once: the first migrates, the others wait and find nothing to do.
LOCK_ID: Final = 0x616C6C69756D  # "allium"

for module in iter_modules(database.__path__, prefix=f"{database.__name__}."):
    import_module(module.name)  # so that every model is known to Base.metadata


def run(connection: Connection) -> None:
    """Migrate in one transaction that holds the lock to its end."""
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": LOCK_ID})
        context.run_migrations()


async def run_online() -> None:
    """Connect as the service does."""
    settings = load(Settings)
    configure_logging(settings)
    engine = create_engine(settings).execution_options(isolation_level="READ COMMITTED")
    try:
        async with engine.connect() as connection:
            await connection.run_sync(run)
    finally:
        await engine.dispose()


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(run_online())
