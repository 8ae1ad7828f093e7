"""Child processes that never outlive us, however we end: SIGKILL included."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# Its standard input closes when we die or let go. Until then each line names the process that is guarded from now on.
# The process is asked first (a server stops its own children in order); whatever remains of its group is then killed.
# A zombie counts as gone: in a container there may be nobody to reap it.
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

# The command tells its own process id before it begins, so there is no moment at which it runs unguarded.
ANNOUNCE = 'echo $$; exec "$@" >&2'


class Watchdog:
    """Guards one process at a time: when we are gone it stops that process and removes the leftovers."""

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
            start_new_session=True,  # Ctrl-C reaches us alone, and we then stop everything in order
            env={"PATH": os.defpath},
            cwd="/",
        )

    def start(self, command: Sequence[str | Path], *, log: Path, **popen: Any) -> subprocess.Popen[bytes]:
        """Run the command in a process group of its own, its output appended to the log, in place of an ended one."""
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
        """Stop the guarded process, in the usual way unless told another, and wait for its end; another may follow."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(stop_signal or self._stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(self._patience)
        self.kill()

    def kill(self) -> None:
        """Kill the guarded process and its children, as the kernel does when memory runs out."""
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: not permitted for an ended one
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def let_go(self) -> None:
        """Have the process stopped and the leftovers removed; returns at once, so that several stop at one time."""
        if self._shell.stdin:
            self._shell.stdin.close()

    def wait(self) -> None:
        """Return when the process is gone and the leftovers are removed."""
        if self.process:
            self.process.wait()
        self._shell.wait()


def last_lines(log: Path, count: int = 15) -> str:
    """Return the end of a log, or nothing if there is none."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
