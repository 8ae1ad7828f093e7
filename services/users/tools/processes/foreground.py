"""Runs a program that owns the terminal, such as a database shell."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path


def run_in_foreground(command: Sequence[str | Path], *, env: Mapping[str, str]) -> int:
    """Run the program and return its exit code; at a terminal, Ctrl-C reaches only the program."""
    at_a_terminal = sys.stdin.isatty()
    # No other thread is running, so it is safe to run code between fork and exec.
    with subprocess.Popen(command, env=env, preexec_fn=_take_terminal if at_a_terminal else None) as process:  # noqa: PLW1509
        try:
            return process.wait()
        finally:
            with suppress(ProcessLookupError):  # it has ended
                os.kill(process.pid, signal.SIGTERM)
            if at_a_terminal:
                _set_foreground(os.getpgrp())


def _take_terminal() -> None:
    os.setpgid(0, 0)
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)  # no shell would resume it
    _set_foreground(os.getpgrp())


def _set_foreground(group: int) -> None:
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # else a process in the background is stopped here
    os.tcsetpgrp(sys.stdin.fileno(), group)
    signal.signal(signal.SIGTTOU, before)
