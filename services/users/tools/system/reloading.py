"""Restarts a service whenever its code changes, and prints the result."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from failures import SystemFailure
from system.service_process import ServiceProcess

WATCHED = ("src", "migrations", "development.env")

Say = Callable[[str], None]
Snapshot = dict[str, tuple[int, int]]


class Reloading:
    """Watches the files of one service; call `step` repeatedly, it never blocks for long."""

    def __init__(self, service: ServiceProcess, say: Say, *, since: Snapshot) -> None:
        """`since`: its files from before it was started, so that no later edit is missed."""
        self._service = service
        self._say = say
        self._folder = service.service.path
        self._started_with = self._seen = since
        self._starting: Iterator[None] | None = None
        self._to_migrate = False
        self._broken = False
        self._began = 0.0

    @property
    def busy(self) -> bool:
        """Whether the service is starting, so that the next step should come soon."""
        return self._starting is not None

    def step(self) -> None:
        """Check for changed files, and whether the service is ready or has ended."""
        before, self._seen = self._seen, snapshot(self._folder)
        if (
            self._seen != self._started_with and self._seen == before
        ):  # unchanged since the last look, so the edit is complete
            self._restart()
        elif self._starting:
            self._go_on(self._starting)
        elif not self._broken:
            self._watch()

    def _restart(self) -> None:
        changed = sorted(
            name for name in {*self._seen, *self._started_with} if self._seen.get(name) != self._started_with.get(name)
        )
        self._to_migrate |= any(name.startswith("migrations") for name in changed)
        others = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        self._say(f"{self._name} is restarting: {changed[0]}{others} changed.")
        self._started_with, self._broken, self._began = self._seen, False, time.monotonic()
        self._starting = self._service.restarting(migrate=self._to_migrate)

    def _watch(self) -> None:
        try:
            self._service.check()
        except SystemFailure as failure:
            self._wait_for_an_edit(failure)

    def _go_on(self, starting: Iterator[None]) -> None:
        try:
            next(starting)
        except StopIteration:
            self._starting, self._to_migrate = None, False
            self._say(f"{self._name} is ready again ({time.monotonic() - self._began:.1f} s).")
        except SystemFailure as failure:
            self._starting = None
            self._wait_for_an_edit(failure)

    def _wait_for_an_edit(self, failure: SystemFailure) -> None:
        self._broken = True
        what, _, _ = str(failure).partition(";")  # its log has been shown already
        self._say(f"{what}. It waits for the next change.")

    @property
    def _name(self) -> str:
        return self._service.service.name


def snapshot(folder: Path) -> Snapshot:
    """Return the modification time (ns) and size of each watched file, by its path in the folder."""
    files: Snapshot = {}
    for name in WATCHED:
        _add(files, folder, name)
    return files


def _add(files: Snapshot, folder: Path, name: str) -> None:
    try:
        with os.scandir(folder / name) as entries:
            for entry in filter(_counts, entries):
                if entry.is_dir():
                    _add(files, folder, f"{name}/{entry.name}")
                else:
                    files[f"{name}/{entry.name}"] = _state(entry.stat())
    except NotADirectoryError:
        with suppress(FileNotFoundError, NotADirectoryError):  # it was just removed, or `folder` is a file itself
            files[name] = _state((folder / name).stat())
    except FileNotFoundError:  # it is missing, or was just removed
        pass


def _state(status: os.stat_result) -> tuple[int, int]:
    return status.st_mtime_ns, status.st_size


def _counts(entry: os.DirEntry[str]) -> bool:
    """Whether it is neither a compiled file nor an editor's temporary file."""
    return not (entry.name.startswith(".") or entry.name.endswith(("~", ".pyc")) or entry.name == "__pycache__")
