"""Write lines to standard output without waiting for the reader, and without mixing lines.

A line is written immediately if the reader keeps up. Other lines wait in a bounded buffer, which a thread empties. If
the buffer is full, lines are dropped and counted, and a line reports their number once lines can be written again.
"""

import contextlib
import fcntl
import os
import select
import stat
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import cache
from typing import Final

MAX_LINE: Final = 32 * 2**10
"""Maximum bytes of a line."""

MAX_WAITING: Final = 4 * 2**20  # bytes of lines that wait for the reader
EXIT_SECONDS: Final = 0.4  # at the end of the process; less than the lowest SHUTDOWN_TIMEOUT
BATCH: Final = 2**16
LOCK_AT_ONCE: Final = fcntl.LOCK_EX | fcntl.LOCK_NB
RETRY_SECONDS: Final = 1.0  # after an error: there is no reader, or the disk is full; either may change
COLLECT_SECONDS: Final = 0.02  # waking the thread for each line takes three times the CPU time


class StandardOutput:
    """Writes whole lines to a copy of a descriptor, even if other threads or processes write to the same file."""

    def __init__(self, descriptor: int, *, max_waiting: int = MAX_WAITING) -> None:
        self._descriptor, self._may_block = _opened(descriptor)
        self._max_waiting = max_waiting
        self.lost = 0
        """Number of lines that this process has dropped."""
        self.loss_line: Callable[[int], bytes] = lambda count: b"%d log lines were dropped\n" % count
        """Returns the line that reports the number of dropped lines. Called in any thread."""
        self.begin_empty()

    def begin_empty(self) -> None:
        """Discard waiting lines. For a forked child, which has no thread, and whose parent writes the lines."""
        self._mutex = threading.RLock()  # re-entrant: a signal handler may log in the middle of a line
        self._changed = threading.Condition(self._mutex)
        self._waiting: deque[bytes] = deque()
        self._size = self._dropped = 0
        self._begun = b""  # the rest of a partly written line
        self._turn = threading.Lock()  # held while writing, also while the thread has to finish a line
        self._begin = threading.Lock()  # never released by the caller that starts the thread

    def write(self, line: bytes) -> None:
        """Write the line now, later, or not at all. Never waits and never fails."""
        with self._mutex:
            at_once = not (self._may_block or self._waiting) and self._turn.acquire(blocking=False)
            if not (at_once and self._write_now(line)):
                self._keep(line)

    def flush(self, seconds: float = EXIT_SECONDS) -> None:
        """Wait until all lines are written, at most this many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: not (self._waiting or self._turn.locked()), seconds)

    def _write_now(self, line: bytes) -> bool:
        """Return whether the line, or at least its beginning, was written."""
        written = 0
        try:
            if self._locked_at_once():
                written = os.write(self._descriptor, line)
        except OSError:
            pass  # the reader is slow or gone, or the disk is full
        finally:
            self._begun = line[written:] if written else b""
            if not self._begun:
                self._unlock()
                self._turn.release()
        if self._begun:  # no other line until the thread has written the rest
            self._size += len(self._begun)
            self._wake()
        return written > 0

    def _keep(self, line: bytes) -> None:
        if self._dropped or self._size + len(line) > self._max_waiting:
            self._dropped += 1
            self.lost += 1
            return
        self._waiting.append(line)
        self._size += len(line)
        self._wake()

    def _wake(self) -> None:
        if self._begin.acquire(blocking=False):
            try:
                threading.Thread(target=self._write_what_waits, name="standard-output", daemon=True).start()
            except RuntimeError:  # there are too many threads, or the interpreter is shutting down
                self._begin.release()
        self._changed.notify_all()

    def _write_what_waits(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._begun or (self._waiting and not self._turn.locked()))
                if not self._begun:
                    self._turn.acquire()
            if self._may_block:
                time.sleep(COLLECT_SECONDS)
            with self._changed:
                rest, self._begun = self._begun, b""
                batch = rest or self._next_batch()
            if not rest:
                with contextlib.suppress(OSError):
                    fcntl.lockf(self._descriptor, fcntl.LOCK_EX)
            self._write_all(batch)
            self._unlock()
            with self._changed:
                self._turn.release()
                self._size = self._size - len(batch) if self._waiting else 0
                self._say_what_was_dropped()
                self._changed.notify_all()

    def _next_batch(self) -> bytes:
        lines = [self._waiting.popleft()]
        size = len(lines[0])
        while self._waiting and size + len(self._waiting[0]) <= BATCH:
            lines.append(self._waiting.popleft())
            size += len(lines[-1])
        return b"".join(lines)

    def _write_all(self, lines: bytes) -> None:
        while lines:
            try:
                lines = lines[os.write(self._descriptor, lines) :]
            except BlockingIOError:
                poll = select.poll()
                poll.register(self._descriptor, select.POLLOUT)
                poll.poll()
            except OSError:
                time.sleep(RETRY_SECONDS)

    def _say_what_was_dropped(self) -> None:
        """Add the line about dropped lines once half of the buffer is free, so that there are not too many."""
        if self._dropped and self._size <= self._max_waiting // 2:
            with contextlib.suppress(Exception):  # an error must not end the thread
                line = self.loss_line(self._dropped)
                self._waiting.append(line)
                self._size += len(line)
            self._dropped = 0

    def _locked_at_once(self) -> bool:
        """Return whether no other process is writing a line. Also true if such locks are not supported."""
        try:
            fcntl.lockf(self._descriptor, LOCK_AT_ONCE)
        except (BlockingIOError, PermissionError):
            return False
        except OSError:
            pass  # such as macOS, for pipes
        return True

    def _unlock(self) -> None:
        try:  # noqa: SIM105 - twice as fast as contextlib.suppress, for each line
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN)
        except OSError:
            pass


def _opened(descriptor: int) -> tuple[int, bool]:
    """Return our own descriptor of the same file, and whether writing to it may block."""
    mode, is_terminal = os.fstat(descriptor).st_mode, os.isatty(descriptor)
    if stat.S_ISFIFO(mode) or is_terminal:
        # Reopened, since processes that inherited the descriptor share its flags.
        flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY
        with contextlib.suppress(OSError):  # there is no /proc, or the file belongs to another user
            return os.open(f"/proc/self/fd/{descriptor}", flags), False
    never_waits = stat.S_ISREG(mode) or (stat.S_ISCHR(mode) and not is_terminal)
    return os.dup(descriptor), not never_waits


def standard_output() -> StandardOutput | None:
    """Return the output that the whole process shares, or None if `sys.stdout` is closed or redirected."""
    try:
        own = sys.__stdout__.fileno() if sys.__stdout__ and sys.stdout else None
        return _of_the_process(own) if own is not None and sys.stdout.fileno() == own else None
    except (OSError, ValueError):  # it has no descriptor, or is closed
        return None


@cache
def _of_the_process(descriptor: int) -> StandardOutput:
    output = StandardOutput(descriptor)
    os.register_at_fork(after_in_child=output.begin_empty)
    return output
