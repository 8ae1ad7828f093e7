"""A copy of a service for trying mutants, one at a time."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final, cast

from layout import listed

WORKER: Final = Path(__file__).with_name("worker.py")
PATHS: Final = {"PYTHONPATH": os.pathsep.join(["src", "tools"])}  # as the sessions of a service have it


class FailingTests(Exception):
    """The tests fail or time out without a mutant."""


class Sandbox:
    """A copy of a service, and the process that runs tests in it."""

    def __init__(self, service: Path, folder: Path, environment: dict[str, str]) -> None:
        for file in listed(service):
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(service / file, folder / file)
        self._folder = folder
        self._worker = subprocess.Popen(
            [service / ".venv" / "bin" / "python", "-P", WORKER],  # the tests shall not find what is beside it
            cwd=folder,
            env=os.environ | environment | PATHS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._requests, self._answers = cast("IO[str]", self._worker.stdin), cast("IO[str]", self._worker.stdout)

    def check(self, tests: Sequence[str], seconds: float) -> None:
        """Raise `FailingTests` unless the tests pass without a mutant."""
        if outcome := self._run(tests, seconds):
            log = (self._folder / "mutation.log").read_text(encoding="utf-8")
            raise FailingTests(f"{' '.join(tests)} without any mutant: {outcome}\n{log}")

    def survives(self, file: Path, source: str, runs: Mapping[tuple[str, ...], float]) -> bool:
        """Return whether all test runs pass within their time limits (seconds) with this source in the file."""
        place = self._folder / file
        original = place.read_text(encoding="utf-8")
        try:
            place.write_text(source, encoding="utf-8")
            return all(self._run(tests, seconds) == 0 for tests, seconds in runs.items())
        finally:
            place.write_text(original, encoding="utf-8")

    def _run(self, tests: Sequence[str], seconds: float) -> int | str:
        print(json.dumps({"tests": tests, "seconds": seconds}), file=self._requests, flush=True)
        answer: int | str = json.loads(self._answers.readline())
        return answer

    def close(self) -> None:
        """End the process."""
        self._worker.communicate()
