"""Standard output for lines: writing never waits for the reader, and never mixes two lines.

A line is written at once where the reader keeps up. What cannot be written waits in a bounded buffer, which a thread
empties; beyond that, lines are dropped and counted, and a line says how many as soon as lines can be written again.
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
"""Bytes of the longest line that anybody may write."""

MAX_WAITING: Final = 4 * 2**20  # bytes of lines that wait for the reader
EXIT_SECONDS: Final = 0.4  # how long the end of the process waits for the reader; less than SHUTDOWN_TIMEOUT can be
BATCH: Final = 2**16
LOCK_AT_ONCE: Final = fcntl.LOCK_EX | fcntl.LOCK_NB
RETRY_SECONDS: Final = 1.0  # after an error: nobody reads, or the disk is full; either may change
COLLECT_SECONDS: Final = 0.02  # a thread that wakes for each line costs three times as much


class StandardOutput:
    """Writes whole lines to a copy of a descriptor, whichever thread or process writes to the same file as well."""

    def __init__(self, descriptor: int, *, max_waiting: int = MAX_WAITING) -> None:
        self._descriptor, self._may_block = _opened(descriptor)
        self._max_waiting = max_waiting
        self.lost = 0
        """How many lines were dropped by this process."""
        self.loss_line: Callable[[int], bytes] = lambda count: b"%d log lines were dropped\n" % count
        """Makes the line that says how many lines were dropped; called in any thread."""
        self.begin_empty()

    def begin_empty(self) -> None:
        """Forget what waits; for a forked child, which does not have the thread, and whose parent writes the lines."""
        self._mutex = threading.RLock()  # re-entrant: a signal's handler may log in the middle of a line
        self._changed = threading.Condition(self._mutex)
        self._waiting: deque[bytes] = deque()
        self._size = self._dropped = 0
        self._begun = b""  # what remains of a line that was written in part
        self._turn = threading.Lock()  # held by whoever writes, even by a line that the thread is to finish
        self._begin = threading.Lock()  # taken for good by whoever starts the thread

    def write(self, line: bytes) -> None:
        """Write it now, later, or not at all; never wait and never fail."""
        with self._mutex:
            at_once = not (self._may_block or self._waiting) and self._turn.acquire(blocking=False)
            if not (at_once and self._write_now(line)):
                self._keep(line)

    def flush(self, seconds: float = EXIT_SECONDS) -> None:
        """Wait until nothing waits any more, but no longer than that."""
        with self._changed:
            self._changed.wait_for(lambda: not (self._waiting or self._turn.locked()), seconds)

    def _write_now(self, line: bytes) -> bool:
        """Whether the line, or at least its beginning, was written."""
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
        if self._begun:  # nobody else may write until the thread has written the rest
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
            except RuntimeError:  # there are too many, or the interpreter is about to end
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
        """Not before half of the buffer is free: a slow reader is not to get a line about each line."""
        if self._dropped and self._size <= self._max_waiting // 2:
            with contextlib.suppress(Exception):  # without the thread there would be no line any more
                line = self.loss_line(self._dropped)
                self._waiting.append(line)
                self._size += len(line)
            self._dropped = 0

    def _locked_at_once(self) -> bool:
        """Whether nobody else is in the middle of a line; also true where there are no such locks."""
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
    """A descriptor of our own for the same file, and whether writing to it may wait for a reader."""
    mode, is_terminal = os.fstat(descriptor).st_mode, os.isatty(descriptor)
    if stat.S_ISFIFO(mode) or is_terminal:
        # Opened anew: the flags of the descriptor that we were given are those of everybody who inherited it, too.
        flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY
        with contextlib.suppress(OSError):  # there is no /proc, or the file belongs to somebody else
            return os.open(f"/proc/self/fd/{descriptor}", flags), False
    never_waits = stat.S_ISREG(mode) or (stat.S_ISCHR(mode) and not is_terminal)
    return os.dup(descriptor), not never_waits


def standard_output() -> StandardOutput | None:
    """That of this process, one for all that write to it; None if `sys.stdout` is closed, or leads elsewhere."""
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
