"""What mutation testing found: a score for each module, what survived, and whether that is explained."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layout import ROOT
from mutation.mutants import Mutant
from mutation.targets import Target

RESULTS: Final = ROOT / ".nox" / "mutate"
EXPLANATIONS: Final = Path(__file__).with_name("survivors.toml")


@dataclass
class Score:
    """How many mutants were tried, how many survived, and how many of these are explained."""

    tried: int = 0
    alive: int = 0
    explained: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(self.tried + other.tried, self.alive + other.alive, self.explained + other.explained)

    def __str__(self) -> str:
        noticed = self.tried - self.alive
        matter = self.tried - self.explained  # what makes no difference cannot be noticed
        of_all, of_what_matters = _percent(noticed, self.tried), _percent(noticed, matter)
        return f"{noticed} of {self.tried} noticed, {of_all}; {self.explained} explained, else {of_what_matters}"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"


def explained(module: str) -> set[str]:
    """Return the changes to a module that are known to make no difference."""
    entries = tomllib.loads(EXPLANATIONS.read_text(encoding="utf-8"))["survivor"]
    return {change for entry in entries if entry["module"] == module for change in entry["changes"]}


def report(target: Target, tried: list[Mutant], alive: list[Mutant]) -> tuple[Score, bool]:
    """Print and return the score of a module, write down what survived, and say whether all of that was known."""
    changes, known = {mutant.change for mutant in alive}, explained(target.name)
    new, stale = changes - known, known & {mutant.change for mutant in tried} - changes
    score = Score(len(tried), len(alive), sum(mutant.change not in new for mutant in alive))
    print(f"{target.name}: {score}", flush=True)
    for change in sorted(new):
        print(f"  survived: {change}")
    for change in sorted(stale):
        print(f"  explained, but it no longer survives: {change}")
    RESULTS.mkdir(parents=True, exist_ok=True)
    lines = [f"{len(tried)} {len(alive)}", *sorted(mutant.change for mutant in alive)]
    (RESULTS / target.name.replace("/", ".")).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return score, not new and not stale
