"""The commands of this service, in addition to those of every service."""

import asyncio
import logging
from argparse import ArgumentParser, Namespace
from typing import Final

from chassis.process import Command

from .settings import Settings

logger = logging.getLogger(__name__)


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--at-once",
        action="store_true",
        help="for a stolen key: sign with a new one now and withdraw all others; clients must refresh their tokens",
    )


def _rotate_keys(settings: Settings, arguments: Namespace) -> int:
    from chassis.database import Database  # noqa: PLC0415 - imports are slow, and other commands do not need them

    from .main import signer_of, signing_keys  # noqa: PLC0415

    async def rotate() -> None:
        async with Database(settings) as database:
            keys = signing_keys(settings, database, signer_of(settings))
            key = await (keys.replace() if arguments.at_once else keys.rotate())
        logger.info("the newest key is %s and signs from %s", key.id, key.signs_from.isoformat(timespec="seconds"))

    asyncio.run(rotate())
    return 0


COMMANDS: Final = (
    Command(
        name="rotate-keys",
        help="publish a new signing key, used once all services know it; sessions continue",
        run=_rotate_keys,
        arguments=_arguments,
    ),
)
