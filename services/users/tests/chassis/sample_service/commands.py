"""Custom commands of the sample."""

import asyncio
import logging
from argparse import ArgumentParser, Namespace

from sqlalchemy import text

from chassis.database import Database
from chassis.process import Command

from .settings import Settings

logger = logging.getLogger(__name__)


def _name(parser: ArgumentParser) -> None:
    parser.add_argument("--name", default="nobody")


def _greet(settings: Settings, arguments: Namespace) -> int:
    logger.info("%s greets %s", settings.identity.name, arguments.name)
    return 3


def _count(settings: Settings, _: Namespace) -> int:
    async def count() -> None:
        async with Database(settings) as database:
            await database.execute(text("SELECT 1"))

    asyncio.run(count())
    return 0


COMMANDS = (
    Command(name="greet", help="say hello", run=_greet, arguments=_name),
    Command(name="count", help="ask the database", run=_count),
)
