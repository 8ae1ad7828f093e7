"""Mutation testing: change the code in one place at a time and see whether a test fails.

Prints the number of noticed mutants and the survivors for each module. Fails below the share that `gate.py` requires.
"""

import argparse
import hashlib
import sys
from itertools import groupby
from typing import Final

from invocation import command
from mutation.gate import Score, shortfalls
from mutation.mutants import Mutant, mutants
from mutation.sandbox import FailingTests
from mutation.targets import Target, targets
from mutation.trial import Trial, trial

SAMPLE: Final = 10


def chosen(names: list[str]) -> list[Target]:
    """Return the targets with these names or prefixes, or all targets if there are no names.

    Raises `ValueError` for an unknown name.
    """
    every = targets()
    found = {name: [target for target in every if f"{target.name}/".startswith(f"{name}/")] for name in names}
    if unknown := [name for name in names if not found[name]]:
        raise ValueError(f"no module is called {' or '.join(unknown)}")
    return [target for target in every if not names or any(target in named for named in found.values())]


def sample(every: list[Mutant], size: int | None) -> list[Mutant]:
    """Return at most `size` mutants, the same ones in every run; edits elsewhere do not change the selection."""
    return sorted(every, key=lambda mutant: hashlib.sha256(str(mutant).encode()).digest())[:size]


def score(target: Target, tried: list[Mutant], service: Trial) -> Score:
    """Try mutants of a module, print what survived, and return the score."""
    alive = service.survivors(target, tried)
    result = Score(len(tried), len(tried) - len(alive))
    print(f"{target.name}: {result}", flush=True)
    for mutant in alive:
        print(f"  survived in {mutant}", flush=True)
    return result


def passes(chosen_targets: list[Target], size: int | None) -> bool:
    """Try `size` mutants of each target, print the scores, and return whether they are high enough."""
    scores, broken = {}, 0
    for service, group in groupby(chosen_targets, key=lambda target: target.service):
        with trial(service) as running:
            for target in group:
                tried = sample(mutants((service / target.file).read_text(encoding="utf-8")), size)
                if not tried:
                    continue
                try:
                    scores[target.name] = score(target, tried, running)
                except FailingTests as error:
                    broken += 1
                    print(f"{target.name}: {error}", flush=True)
    print(f"together: {sum(scores.values(), Score())}")
    too_low = shortfalls(scores)
    print(*too_low, sep="\n")
    return not too_low and not broken


def main() -> int:
    """Try mutants of the modules that the arguments name; return 1 if a score is too low."""
    parser = argparse.ArgumentParser(prog=command("mutate"), description=__doc__)
    parser.add_argument(
        "--sample",
        type=int,
        metavar="N",
        default=SAMPLE,
        help=f"number of mutants per module, the same ones in every run (default: {SAMPLE})",
    )
    parser.add_argument("--all", action="store_true", help="try all mutants; takes hours for all modules")
    parser.add_argument("targets", nargs="*", help="such as `users/core` or `chassis/web/hosts` (default: all)")
    arguments = parser.parse_args()
    try:
        named = chosen(arguments.targets)
    except ValueError as error:
        parser.error(str(error))
    return 0 if passes(named, None if arguments.all else arguments.sample) else 1


if __name__ == "__main__":
    sys.exit(main())
