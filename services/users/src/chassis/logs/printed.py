"""Turn printed lines into log lines, so that `print` neither waits for a reader nor mixes with other lines."""

import io
import logging
import sys
import threading
from typing import Final

LONGEST_LINE: Final = 8192  # characters; longer lines are logged in parts

logger = logging.getLogger("stdout")


class PrintedLines(io.TextIOBase):
    """Replaces `sys.stdout` and logs each line at INFO. Its descriptor and buffer are those of stdout."""

    def __init__(self, stdout: io.TextIOWrapper) -> None:
        self._stdout = stdout
        self._thread = threading.local()
        self.buffer = stdout.buffer

    @property
    def encoding(self) -> str:  # type: ignore[override] # typeshed has an attribute
        """Return the encoding of stdout."""
        return self._stdout.encoding

    def write(self, text: str) -> int:
        """Log complete lines, and keep the rest until its line ends, per thread. Return the number of characters."""
        *lines, rest = (getattr(self._thread, "rest", "") + text).split("\n")
        while len(rest) > LONGEST_LINE:
            lines.append(rest[:LONGEST_LINE])
            rest = rest[LONGEST_LINE:]
        self._thread.rest = rest
        for line in filter(None, lines):
            self._log(line)
        return len(text)

    def _log(self, line: str) -> None:
        if getattr(self._thread, "logging", False):
            return  # a handler that prints would never end
        self._thread.logging = True
        try:
            logger.info("%s", line)
        finally:
            self._thread.logging = False

    def fileno(self) -> int:
        """Return the descriptor of stdout, for child processes."""
        return self._stdout.fileno()

    def isatty(self) -> bool:
        """Return whether stdout is a terminal."""
        return self._stdout.isatty()

    def writable(self) -> bool:
        """Return True."""
        return True


def log_printed_lines() -> None:
    """Log everything printed from now on, unless stdout is closed or already redirected."""
    if sys.stdout is sys.__stdout__ and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = PrintedLines(sys.stdout)
