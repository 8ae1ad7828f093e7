"""Try the mutants of a service, several at a time."""

import os
import queue
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final

from mutation.mutants import Mutant
from mutation.sandbox import Sandbox
from mutation.targets import Target
from postgres.server import postgres_environment

CHECK_SECONDS: Final = 300  # for a run of tests without any mutant
# A mutant that hangs counts as noticed after PATIENCE seconds and SLOWER times what the run took without it.
PATIENCE: Final = 30.0
SLOWER: Final = 5


class Trial:
    """The sandboxes of a service, one for each processor."""

    def __init__(self, sandboxes: list[Sandbox]) -> None:
        self._free: queue.Queue[Sandbox] = queue.Queue()
        for sandbox in sandboxes:
            self._free.put(sandbox)
        self._limits: dict[tuple[str, ...], float] = {}

    def survivors(self, target: Target, tried: list[Mutant]) -> list[Mutant]:
        """Return the mutants that no test notices; raises `FailingTests` if a test fails without any."""
        limits = {run: self._limit(run) for run in target.runs}

        def survives(mutant: Mutant) -> bool:
            with self._sandbox() as sandbox:
                return sandbox.survives(target.file, mutant.source, limits)

        with ThreadPoolExecutor(self._free.qsize()) as pool:
            return [mutant for mutant, alive in zip(tried, pool.map(survives, tried), strict=True) if alive]

    def _limit(self, run: tuple[str, ...]) -> float:
        """Return the time limit (seconds) of a test run with a mutant, measured by a run without one."""
        if run not in self._limits:
            started = time.monotonic()
            with self._sandbox() as sandbox:
                sandbox.check(run, CHECK_SECONDS)
            self._limits[run] = PATIENCE + SLOWER * (time.monotonic() - started)
        return self._limits[run]

    @contextmanager
    def _sandbox(self) -> Iterator[Sandbox]:
        sandbox = self._free.get()
        try:
            yield sandbox
        finally:
            self._free.put(sandbox)


@contextmanager
def trial(service: Path) -> Iterator[Trial]:
    """Yield a `Trial` of a service on one database server."""
    with ExitStack() as stack:
        environment = stack.enter_context(postgres_environment())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mutate-", ignore_cleanup_errors=True)))
        numbers = range(os.cpu_count() or 1)
        sandboxes = [Sandbox(service, folder / str(number), environment) for number in numbers]
        for sandbox in sandboxes:
            stack.enter_context(closing(sandbox))
        yield Trial(sandboxes)
