"""Find unknown variables that differ from a known one by a single typo."""

from collections.abc import Iterable, Iterator
from itertools import takewhile
from operator import eq
from typing import Final

from pydantic_settings import BaseSettings

from .variables import unknown_names, variables

SHORTEST: Final = 8
"""Letters of the shortest name to check. Shorter ones look alike by chance: HOST is not a mistyped PORT."""


def mistyped(kind: type[BaseSettings], given: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each name that is probably mistyped, with the one that was meant, which is not set itself."""
    given = [name.upper() for name in given]
    wanted = [name for variable in variables(kind) for name in variable.names if name not in given]
    for name in unknown_names(kind, given):
        for meant in wanted:
            if len(meant) >= SHORTEST and _is_slip(name, meant):
                yield name, meant


def _is_slip(name: str, meant: str) -> bool:
    """Return whether they differ by one letter: missing, added, replaced, or swapped with its neighbour."""
    start = _same(name, meant)
    name, meant = name[start:], meant[start:]
    end = _same(name[::-1], meant[::-1])
    name, meant = name[: len(name) - end], meant[: len(meant) - end]
    return max(len(name), len(meant)) <= 1 or (len(name) == len("xy") and name == meant[::-1])


def _same(name: str, meant: str) -> int:
    """Return the length of their common prefix."""
    return sum(takewhile(bool, map(eq, name, meant)))
