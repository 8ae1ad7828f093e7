"""A program at a terminal, as a person uses it."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from .programs import PATIENCE_SECONDS


class Terminal:
    """The output of a program at a terminal, and the keys that are pressed."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._shown = ""

    def press(self, keys: str) -> None:
        os.write(self._descriptor, keys.encode())

    def shows(self, text: str, *, seconds: float) -> bool:
        """Return whether the text appears within this many seconds."""
        end = time.monotonic() + seconds
        while text not in self._shown:
            if not select.select([self._descriptor], [], [], max(0, end - time.monotonic()))[0]:
                return False
            try:
                self._shown += os.read(self._descriptor, 4096).decode("utf-8", "replace")
            except OSError:  # the program has ended
                return False
        return True

    def read_until(self, text: str) -> str:
        """Return the output up to the text; fail with the output if it does not appear."""
        assert self.shows(text, seconds=PATIENCE_SECONDS), f"not shown: {text!r}; but {self._shown!r}"
        before, _, self._shown = self._shown.partition(text)
        return before + text


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell makes its background jobs ignore Ctrl-C, with all children


@contextlib.contextmanager
def at_terminal(
    command: Sequence[str | Path], *, cwd: Path, env: dict[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], Terminal]]:
    """Run a command at its own terminal and yield both; kill it at the end if it is still running."""
    ours, its = pty.openpty()
    with subprocess.Popen(
        command,
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
        preexec_fn=_take_terminal,  # noqa: PLW1509 - it calls only the system
        cwd=cwd,
        env=env,
    ) as process:
        os.close(its)
        try:
            yield process, Terminal(ours)
        finally:
            process.kill()
            os.close(ours)
