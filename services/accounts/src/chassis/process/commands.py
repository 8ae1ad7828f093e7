"""The command line of a service: `python -m <package> …`."""

import argparse
import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from importlib import import_module
from typing import NoReturn

from chassis.identity import Identity
from chassis.logs import configure_default_logging, configure_logging
from chassis.settings import ChassisSettings
from chassis.settings.mistyped import mistyped

from .own_commands import Command, own_commands
from .startup import load_settings

logger = logging.getLogger(__name__)

ABOUT_REFUSED_LOGINS = (
    "(A PostgreSQL container keeps the password of its first start: restore that POSTGRES_PASSWORD, "
    "or change it in the database with ALTER ROLE.)"
)


class _Parser(argparse.ArgumentParser):
    """Reports errors as one log line, since the output of a container is read by machines."""

    def error(self, message: str) -> NoReturn:
        logger.critical("invalid arguments: %s", message)
        raise SystemExit(os.EX_USAGE)


def run(package: str, identity: Identity) -> None:
    """Run the command in the arguments. Exits with its exit code."""
    configure_default_logging(identity)  # before anything else can fail
    parser = _Parser(prog=f"python -m {package}")
    parser.add_argument("--version", action="version", version=identity.version)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="serve requests until SIGTERM")
    commands.add_parser("migrate", help="upgrade the database schema to head")
    commands.add_parser("openapi", help="print the OpenAPI document")
    commands.add_parser("settings", help="print the table of settings, for SETTINGS.md")
    commands.add_parser("check", help="check settings, database and schema; exit 1 if the service would not be ready")
    # The service's own commands import its code, which the others do not need and should not wait for.
    own = {} if sys.argv[1:2] and sys.argv[1] in {*COMMANDS, *DOCUMENTS} else own_commands(package)
    for each in own.values():
        each.arguments(commands.add_parser(each.name, help=each.help))
    arguments = parser.parse_args()
    command = arguments.command
    if command in own:
        sys.exit(_own(own[command], package, arguments))
    sys.exit(_print(DOCUMENTS[command], package, identity) if command in DOCUMENTS else COMMANDS[command](package))


def _own(command: Command, package: str, arguments: argparse.Namespace) -> int:
    """Return the exit code of one of the service's own commands; 1 if the database is unavailable."""
    from chassis.errors import DatabaseUnavailable  # noqa: PLC0415 - imports are slow, and each command needs others

    settings = _settings(package)
    try:
        return command.run(settings, arguments)
    except DatabaseUnavailable as error:
        logger.error("cannot %s: %s", command.name, _why(settings, error))  # noqa: TRY400 - as in _migrate
        return 1


def _print(make: Callable[[str], str], package: str, identity: Identity) -> int:
    """Print a document to stdout and everything else to stderr. Return the exit code 0."""
    stdout = sys.__stdout__ or sys.stdout
    with redirect_stdout(sys.stderr):
        configure_default_logging(identity)  # its lines went to stdout until now
        document = make(package)
    stdout.write(document)
    return 0


def _serve(package: str) -> int:
    from .server import serve  # noqa: PLC0415 - imports are slow, and each command needs others

    serve(f"{package}.main:create_app", _settings(package))
    return 0


def _migrate(package: str) -> int:
    from chassis.database.errors import translated_errors  # noqa: PLC0415
    from chassis.database.migrations import UnusableMigrations, upgrade  # noqa: PLC0415
    from chassis.errors import DatabaseUnavailable  # noqa: PLC0415

    settings = _settings(package)
    try:
        with translated_errors():
            upgrade(settings)
    except DatabaseUnavailable as error:
        logger.error("cannot migrate: %s", _why(settings, error))  # noqa: TRY400 - the cause is outside of the program
        return 1
    except UnusableMigrations as error:
        logger.error("cannot migrate: %s", error)  # noqa: TRY400 - the message says it all
        return 1
    logger.info("schema is at head")
    return 0


def _why(settings: ChassisSettings, error: Exception) -> str:
    """Return which server cannot be used, why, and for a refused password what to do."""
    cause = str(error.__cause__ or error)
    advice = f" {ABOUT_REFUSED_LOGINS}" if "password authentication failed" in cause else ""
    return f"PostgreSQL at {settings.postgres_host}, port {settings.postgres_port}: {cause}{advice}"


def _openapi(package: str) -> str:
    app = import_module(f"{package}.main").create_app()
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"


def _settings_document(package: str) -> str:
    from chassis.settings.table import settings_table  # noqa: PLC0415

    return settings_table(_kind_of_settings(package), package=package)


def _check(package: str) -> int:
    from chassis.database import Database  # noqa: PLC0415

    from .health import Health  # noqa: PLC0415

    settings = _settings(package)

    async def reason_not_ready() -> str | None:
        async with Database(settings) as database:
            return await Health(database).reason_not_ready()

    reason = asyncio.run(reason_not_ready())
    if reason:
        logger.error("not ready: %s", reason)
        return 1
    logger.info("settings, database and schema are OK")
    return 0


def _settings(package: str) -> ChassisSettings:
    """Return the settings, with logging configured. Warns of variables that are probably mistyped."""
    kind = _kind_of_settings(package)
    settings = load_settings(kind)
    configure_logging(settings)
    for name, meant in mistyped(kind, os.environ):
        logger.warning("unknown setting %s; did you mean %s?", name, meant)
    return settings


def _kind_of_settings(package: str) -> type[ChassisSettings]:
    kind: type[ChassisSettings] = import_module(f"{package}.settings").Settings
    return kind


COMMANDS = {"serve": _serve, "migrate": _migrate, "check": _check}
DOCUMENTS = {"openapi": _openapi, "settings": _settings_document}
