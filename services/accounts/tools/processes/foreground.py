"""A program that has the terminal for itself, such as a shell of a database."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def run_in_foreground(command: Sequence[str | Path], *, env: Mapping[str, str]) -> int:
    """Run it and return its exit code; at a terminal Ctrl-C reaches it alone, not those who started us."""
    at_a_terminal = sys.stdin.isatty()
    # What runs between fork and exec runs in no thread but this one.
    with subprocess.Popen(command, env=env, preexec_fn=_take_terminal if at_a_terminal else None) as process:  # noqa: PLW1509
        try:
            return process.wait()
        finally:
            process.terminate()  # nothing, if it has ended
            if at_a_terminal:
                _set_foreground(os.getpgrp())


def _take_terminal() -> None:
    os.setpgid(0, 0)
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)  # nobody would wake it up
    _set_foreground(os.getpgrp())


def _set_foreground(group: int) -> None:
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # else whoever is in the background would be stopped here
    os.tcsetpgrp(sys.stdin.fileno(), group)
    signal.signal(signal.SIGTTOU, before)
