"""What a service prints: log lines as well, so that `print` neither waits for a reader nor lands in another line."""

import io
import logging
import sys
import threading
from typing import Final

LONGEST_LINE: Final = 8192  # characters; what is longer is logged in parts

logger = logging.getLogger("stdout")


class PrintedLines(io.TextIOBase):
    """Stands for `sys.stdout`: logs each line at INFO; what asks for a descriptor or bytes gets those of stdout."""

    def __init__(self, stdout: io.TextIOWrapper) -> None:
        self._stdout = stdout
        self._thread = threading.local()
        self.buffer = stdout.buffer

    @property
    def encoding(self) -> str:  # type: ignore[override] # typeshed has an attribute
        """Of what is printed, where somebody encodes it himself."""
        return self._stdout.encoding

    def write(self, text: str) -> int:
        """Log every line that is complete now; the rest waits for its end, in each thread for itself."""
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
            return  # a handler that prints what it handles would never come to an end
        self._thread.logging = True
        try:
            logger.info("%s", line)
        finally:
            self._thread.logging = False

    def fileno(self) -> int:
        """Stdout's, for child processes."""
        return self._stdout.fileno()

    def isatty(self) -> bool:
        """Whether somebody looks at stdout."""
        return self._stdout.isatty()

    def writable(self) -> bool:
        """It is."""
        return True


def log_printed_lines() -> None:
    """Make log lines of what is printed from now on, unless stdout is closed or leads elsewhere already."""
    if sys.stdout is sys.__stdout__ and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = PrintedLines(sys.stdout)
