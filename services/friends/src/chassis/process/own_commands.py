"""The service's own commands: `COMMANDS` in its `commands` module, if it has one."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any


def _no_arguments(_: ArgumentParser) -> None:
    """Declare no arguments."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A command of the service: `python -m <package> <name>`."""

    name: str
    help: str
    run: Callable[[Any, Namespace], int]
    """Takes the service's settings and the arguments, and returns the exit code."""
    arguments: Callable[[ArgumentParser], None] = _no_arguments
    """Declares the arguments."""


def own_commands(package: str) -> dict[str, Command]:
    """Return the service's own commands by name."""
    if find_spec(f"{package}.commands") is None:
        return {}
    commands: Iterable[Command] = import_module(f"{package}.commands").COMMANDS
    return {command.name: command for command in commands}
