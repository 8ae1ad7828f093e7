"""Child processes that never outlive this program, even if it is killed by SIGKILL."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# Its standard input closes when this program ends or lets go. Until then, each line names the process to guard.
# That process first gets the stop signal (a server stops its own children in order); then its group is killed.
# A zombie counts as gone: in a container there may be no process that reaps it.
WATCH = """
signal=$1 patience=$2 pid=
shift 2
alive() { kill -s 0 "$pid" && ! grep -qs '^State:.*Z' "/proc/$pid/status"; }
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then
    kill -s "$signal" "$pid"
    while alive && [ "$patience" -gt 0 ]; do sleep .1; patience=$((patience - 1)); done
    kill -s KILL -- "-$pid"
fi
rm -rf -- "$@"
"""

# The command writes its process id before it starts, so it never runs unguarded.
ANNOUNCE = 'echo $$; exec "$@" >&2'


POLL_SECONDS = 0.01
UNKNOWN = 255  # exit code of a process whose own was lost


class Watchdog:
    """Guards one process at a time: when this program ends, it stops that process and removes the leftovers."""

    def __init__(
        self,
        *,
        patience: float,
        stop_signal: signal.Signals = signal.SIGTERM,
        leftovers: Sequence[Path] = (),
    ) -> None:
        """`patience`: seconds from `stop_signal` to SIGKILL."""
        self.process: subprocess.Popen[bytes] | None = None
        self._patience = patience
        self._stop_signal = stop_signal
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", WATCH, "watchdog", stop_signal.name[3:], str(round(patience * 10)), *leftovers],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches only this program, which then stops everything in order
            env={"PATH": os.defpath},
            cwd="/",
        )

    def start(self, command: Sequence[str | Path], *, log: Path, **popen: Any) -> subprocess.Popen[bytes]:
        """Run a command in its own process group and append its output to the log; a previous one must have ended."""
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                ["/bin/sh", "-c", ANNOUNCE, "announce", *command],
                stdin=subprocess.DEVNULL,
                stdout=self._shell.stdin,
                stderr=output,
                start_new_session=True,
                **popen,
            )
        return self.process

    def stop(self, stop_signal: signal.Signals | None = None) -> None:
        """Stop the guarded process, with the usual signal by default, and wait until it ends."""
        if self.process and not has_ended(self.process):
            os.kill(self.process.pid, stop_signal or self._stop_signal)
            end = time.monotonic() + self._patience
            while not has_ended(self.process) and time.monotonic() < end:
                time.sleep(POLL_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Kill the guarded process and its children with SIGKILL, as the kernel does when memory runs out."""
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: not permitted for an ended one
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def let_go(self) -> None:
        """Start to stop the process and to remove the leftovers; returns at once, so that several can stop together."""
        if self._shell.stdin:
            self._shell.stdin.close()

    def wait(self) -> None:
        """Wait until the process has ended and the leftovers are removed."""
        if self.process:
            self.process.wait()
        self._shell.wait()


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Return whether the process has ended, and set its `returncode` then.

    Use it instead of `poll()`, `send_signal()` and `wait(timeout)`: an exception that a signal raises in one of them
    can leave the lock of the process taken, and then `wait()` never returns.
    """
    if process.returncode is None:
        try:
            ended, status = os.waitpid(process.pid, os.WNOHANG)
        except ChildProcessError:  # a signal came after the call and before `returncode` was set
            process.returncode = UNKNOWN
            return True
        if ended:
            process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode is not None


def how_it_ended(process: subprocess.Popen[bytes]) -> str:
    """Return the exit code or the signal that killed the ended process, as text."""
    code = process.returncode
    if code >= 0:
        return f"exit code {code}"
    names = {each.value: each.name for each in signal.Signals}  # without most real-time signals
    return f"killed by {names.get(-code, f'signal {-code}')}"


def last_lines(log: Path, count: int = 15) -> str:
    """Return the last lines of a log; empty if there is none."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
