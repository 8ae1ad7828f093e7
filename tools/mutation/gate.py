"""The required share of noticed mutants.

Less than 100 %, because some mutants behave like the original.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LEAST: Final = 90
"""Required percentage for several modules together; the README's badge shows it."""
LEAST_OF_MODULE: Final = 60
"""Required percentage for each module; some have more equivalent mutants than others."""
ENOUGH: Final = 10
"""Minimum number of tried mutants for which the percentage of a module counts."""


@dataclass(frozen=True)
class Score:
    """The number of tried mutants, and how many of them a test noticed."""

    tried: int = 0
    noticed: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(self.tried + other.tried, self.noticed + other.noticed)

    def __str__(self) -> str:
        share = f", {100 * self.noticed // self.tried} %" if self.tried else ""
        return f"{self.noticed} of {self.tried} noticed{share}"

    def reaches(self, percent: int) -> bool:
        """Return whether at least this percentage was noticed."""
        return 100 * self.noticed >= percent * self.tried


def shortfalls(scores: Mapping[str, Score]) -> list[str]:
    """Return a message for each module, and for all together, whose percentage is too low."""
    modules = [name for name, score in scores.items() if score.tried >= ENOUGH and not score.reaches(LEAST_OF_MODULE)]
    too_low = [f"{name}: less than {LEAST_OF_MODULE} % noticed" for name in modules]
    if len(scores) > 1 and not sum(scores.values(), Score()).reaches(LEAST):
        too_low.append(f"together: less than {LEAST} % noticed")
    return too_low
