"""Mutation testing: change one thing in the code at a time and see whether a test notices.

Prints a score for each module and writes the survivors to .nox/mutate. Fails if a mutant survives that
`survivors.toml` does not explain, or if it explains one that no longer survives.
"""

import argparse
import hashlib
import os
import queue
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from itertools import groupby
from pathlib import Path
from typing import Final

from mutation.mutants import Mutant, mutants
from mutation.report import Score, report
from mutation.sandbox import Sandbox
from mutation.targets import Target, targets
from postgres.server import postgres_environment

SAMPLE: Final = 10
CHECK_SECONDS: Final = 300  # for the tests of a module without any mutant
# A mutant that hangs counts as noticed after PATIENCE seconds and SLOWER times what the tests took without it.
PATIENCE: Final = 30.0
SLOWER: Final = 5


def chosen(names: list[str]) -> list[Target]:
    """Return the targets that the arguments name, exactly or by what they begin with; all without arguments."""
    return [
        target for target in targets() if not names or any(f"{target.name}/".startswith(f"{name}/") for name in names)
    ]


def sample(every: list[Mutant], size: int | None) -> list[Mutant]:
    """Return that many of the mutants: the same ones each time, whatever becomes of the code around them."""
    return sorted(every, key=lambda mutant: hashlib.sha256(mutant.change.encode()).digest())[:size]


@contextmanager
def sandboxes(service: Path) -> Iterator["queue.Queue[Sandbox]"]:
    """Yield a sandbox for each processor; all use one database server."""
    free: queue.Queue[Sandbox] = queue.Queue()
    with ExitStack() as stack:
        environment = stack.enter_context(postgres_environment())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mutate-", ignore_cleanup_errors=True)))
        for number in range(os.cpu_count() or 1):
            sandbox = Sandbox(service, folder / str(number), environment)
            free.put(stack.enter_context(closing(sandbox)))
        yield free


def survivors(target: Target, tried: list[Mutant], free: "queue.Queue[Sandbox]") -> list[Mutant]:
    """Return the mutants of a module that no test notices."""
    sandbox = free.get()
    started = time.monotonic()
    sandbox.check(target.tests, CHECK_SECONDS)
    seconds = PATIENCE + SLOWER * (time.monotonic() - started)
    free.put(sandbox)

    def survives(mutant: Mutant) -> bool:
        sandbox = free.get()
        try:
            return sandbox.survives(target.file, mutant.source, target.tests, seconds)
        finally:
            free.put(sandbox)

    with ThreadPoolExecutor(free.qsize()) as pool:
        return [mutant for mutant, alive in zip(tried, pool.map(survives, tried), strict=True) if alive]


def main() -> int:
    """Try the mutants of the modules that the arguments name."""
    parser = argparse.ArgumentParser(prog="mutate", description=__doc__)
    parser.add_argument(
        "--sample",
        type=int,
        metavar="N",
        default=SAMPLE,
        help=f"mutants of each module, always the same ones; {SAMPLE}",
    )
    parser.add_argument("--all", action="store_true", help="try all mutants; for all modules that takes hours")
    parser.add_argument("targets", nargs="*", help="such as `users/core`, `chassis` or `chassis/pagination`; else all")
    arguments = parser.parse_args()
    size = None if arguments.all else arguments.sample
    total, all_known = Score(), True
    for service, group in groupby(chosen(arguments.targets), key=lambda target: target.service):
        with sandboxes(service) as free:
            for target in group:
                if tried := sample(mutants((service / target.file).read_text(encoding="utf-8")), size):
                    score, known = report(target, tried, survivors(target, tried, free))
                    total, all_known = total + score, all_known and known
    print(f"together: {total}")
    return 0 if all_known else 1


if __name__ == "__main__":
    sys.exit(main())
