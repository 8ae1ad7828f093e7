"""Migrations of a test: a folder as `alembic init` makes it, and Alembic's commands on it."""

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
    """The folder, for a database."""

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
        """Write a migration; `upgrade` and `downgrade` are Python."""
        script = REVISION.format(revision=revision, before=before, upgrade=upgrade, downgrade=downgrade)
        (self._versions / f"{revision}.py").write_text(script)

    def sql(self, revision: str, before: str | None, *statements: str) -> None:
        """Write a migration of these statements."""
        self.add(revision, before, "\n    ".join(f"op.execute({statement!r})" for statement in statements))

    def describe(self, models: MetaData, *, unmanaged: Collection[str] = ()) -> None:
        """Say what the models are, and what is none of their business."""
        self.config.attributes |= {"models": models, "unmanaged": unmanaged}

    async def run(self, do: Callable[..., Any], *arguments: Any, **options: Any) -> None:
        """Run a command of Alembic, which has an event loop of its own."""
        await asyncio.to_thread(do, self.config, *arguments, **options)

    async def upgrade(self, revision: str = "head") -> None:
        await self.run(command.upgrade, revision)
