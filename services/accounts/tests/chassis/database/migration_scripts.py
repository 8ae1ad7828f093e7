"""Migrations for tests: a folder as `alembic init` creates it, and Alembic's commands on it."""

import asyncio
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData

from ..sample_service.settings import Settings

ENVIRONMENT = """
from alembic import context
from chassis.database.migrating import print_migrations, run_migrations

given = context.config.attributes
if context.is_offline_mode():
    print_migrations(given["models"])
else:
    run_migrations(given["of_the_test"], given["models"], unmanaged=given["unmanaged"])
"""
TEMPLATE = Path(__file__).parents[3] / "migrations/script.py.mako"
REVISION = """
from alembic import op

revision = {revision!r}
down_revision = {before!r}


def upgrade():
    {upgrade}


def downgrade():
    {downgrade}
"""


class MigrationScripts:
    """The migrations folder, bound to a database."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        (folder / "versions").mkdir()
        (folder / "env.py").write_text(ENVIRONMENT)
        (folder / "script.py.mako").write_text(TEMPLATE.read_text(encoding="utf-8"))
        self.settings = settings
        self.config = Config()
        self.config.set_main_option("script_location", str(folder))
        self.config.attributes |= {"of_the_test": settings, "models": MetaData(), "unmanaged": ()}
        self._versions = folder / "versions"

    def add(self, revision: str, before: str | None, upgrade: str, downgrade: str = "pass") -> None:
        """Write a migration; `upgrade` and `downgrade` are Python code."""
        script = REVISION.format(revision=revision, before=before, upgrade=upgrade, downgrade=downgrade)
        (self._versions / f"{revision}.py").write_text(script)

    def sql(self, revision: str, before: str | None, *statements: str) -> None:
        """Write a migration that runs these SQL statements."""
        self.add(revision, before, "\n    ".join(f"op.execute({statement!r})" for statement in statements))

    def describe(self, models: MetaData, *, unmanaged: Collection[str] = ()) -> None:
        """Set the models and the names of unmanaged tables."""
        self.config.attributes |= {"models": models, "unmanaged": unmanaged}

    async def run(self, do: Callable[..., Any], *arguments: Any, **options: Any) -> None:
        """Run an Alembic command in a thread, because it starts its own event loop."""
        await asyncio.to_thread(do, self.config, *arguments, **options)

    async def upgrade(self, revision: str = "head") -> None:
        await self.run(command.upgrade, revision)
