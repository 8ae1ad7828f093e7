"""The required share of noticed mutants.

It is a share, since some mutants make no difference and each edit of the code makes others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LEAST: Final = 90
"""Percent of all mutants of several modules together, as on the README's badge."""
LEAST_OF_MODULE: Final = 60
"""Percent for each module, which may have more equivalent mutants than others."""
ENOUGH: Final = 10
"""The minimum number of tried mutants of a module, below which the share says little."""


@dataclass(frozen=True)
class Score:
    """How many mutants were tried, and how many of them a test noticed."""

    tried: int = 0
    noticed: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(self.tried + other.tried, self.noticed + other.noticed)

    def __str__(self) -> str:
        share = f", {100 * self.noticed // self.tried} %" if self.tried else ""
        return f"{self.noticed} of {self.tried} noticed{share}"

    def reaches(self, percent: int) -> bool:
        """Whether at least that share was noticed."""
        return 100 * self.noticed >= percent * self.tried


def shortfalls(scores: Mapping[str, Score]) -> list[str]:
    """Return a sentence for each share that is too low: of a module, by its name, or of all together."""
    modules = [name for name, score in scores.items() if score.tried >= ENOUGH and not score.reaches(LEAST_OF_MODULE)]
    too_low = [f"{name}: less than {LEAST_OF_MODULE} % noticed" for name in modules]
    if len(scores) > 1 and not sum(scores.values(), Score()).reaches(LEAST):
        too_low.append(f"together: less than {LEAST} % noticed")
    return too_low
