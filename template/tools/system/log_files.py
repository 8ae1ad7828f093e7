"""The logs of a running system: keeps those of the previous run, and shows new lines at the terminal."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import TextIO

from system.log_lines import Paint, coloured, moment_of, plain

Lines = Callable[[str, Paint], list[str]]

MOST_AT_ONCE = 256 * 1024  # bytes; what is logged faster than a terminal shows it is only in the file
BEGINNING = datetime.min.replace(tzinfo=UTC)
PREFIXES = ("36", "35", "34", "32", "33")  # colours


def keep_previous(logs: Path) -> None:
    """Move the logs of the last run to the folder `previous`, replacing those in it."""
    previous = logs / "previous"
    if files := list(logs.glob("*.log")):
        shutil.rmtree(previous, ignore_errors=True)
        previous.mkdir()
    for file in files:
        file.rename(previous / file.name)


class FollowedFile:
    """The lines appended to a file from now on."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read = file.stat().st_size

    def new_lines(self) -> Iterator[str]:
        """Yield the lines completed since the last call; if there are too many, only the latest."""
        with self._file.open("rb") as file:
            unread = file.seek(0, os.SEEK_END) - self._read
            if unread <= 0:
                return
            skipped = max(0, unread - MOST_AT_ONCE)
            file.seek(self._read + skipped)
            text = file.read(MOST_AT_ONCE)
        complete = text[: text.rfind(b"\n") + 1]
        self._read += skipped + len(complete)
        lines = complete.decode("utf-8", "replace").split("\n")[:-1]
        if skipped:
            lines[:1] = [f"… {skipped} bytes are left out here; see {self._file} …"]  # the first is incomplete
        yield from lines


class LogDisplay:
    """Shows new lines of several logs, each after the name of its log."""

    def __init__(self, logs: Mapping[str, tuple[Path, Lines]], output: TextIO) -> None:
        """`logs`: by name, the file and a function that returns what to show of a line."""
        self._followed = {name: (FollowedFile(file), lines) for name, (file, lines) in logs.items()}
        self._output: TextIO | None = output
        self._paint = coloured if output.isatty() and not os.environ.get("NO_COLOR") else plain
        width = max(map(len, logs), default=0)
        self._prefixes = {
            name: self._paint(f"{name:<{width}} | ", PREFIXES[number % len(PREFIXES)])
            for number, name in enumerate(logs)
        }

    def show_new(self) -> None:
        """Print new lines, in the order of their times; nothing once the output is closed."""
        if self._output is None:
            return
        timed = [each for name in self._followed for each in self._timed(name)]
        lines = [shown for _, shown in sorted(timed, key=itemgetter(0))]
        try:
            self._output.write("".join(lines))
            self._output.flush()
        except OSError:  # such as a closed pipe: the services go on
            self._output = None

    def _timed(self, name: str) -> Iterator[tuple[datetime, str]]:
        """Yield new lines of one log with their times. Each stays behind those before it, such as a stack trace."""
        followed, readable = self._followed[name]
        latest = BEGINNING
        for line in followed.new_lines():
            latest = max(latest, moment_of(line) or latest)
            for shown in readable(line, self._paint):
                yield latest, f"{self._prefixes[name]}{shown}\n"
