"""Run Alembic on the database of this service, for its `migrate` command and for `alembic` itself."""

from importlib import import_module
from pkgutil import iter_modules

from alembic import context

from chassis.database import Base
from chassis.database.migrating import print_migrations, run_migrations
from chassis.database.migrations import SETTINGS
from chassis.logs import configure_logging
from chassis.process import load_settings

from friends_service.infrastructure import database
from friends_service.settings import Settings

for module in iter_modules(database.__path__, prefix=f"{database.__name__}."):
    import_module(module.name)  # registers every model in Base.metadata

if context.is_offline_mode():
    print_migrations(Base.metadata)
else:
    settings = context.config.attributes.get(SETTINGS)
    if settings is None:  # called by the `alembic` command
        settings = load_settings(Settings)
        configure_logging(settings)
    run_migrations(settings, Base.metadata, unmanaged=getattr(database, "UNMANAGED", ()))
