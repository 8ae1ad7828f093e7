"""Make sure that standard input, output and error are open."""

import os
import sys
from typing import Final

_STREAMS: Final = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def open_missing_streams() -> None:
    """Open /dev/null for each stream that was closed before the start (`>&-`).

    Otherwise the next file or socket would get its number and whatever is printed, and libuv ends the process.
    """
    for number, (name, mode) in enumerate(_STREAMS):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one
            os.set_inheritable(opened, True)  # noqa: FBT003 - it accepts no keyword
            setattr(sys, name, os.fdopen(opened, mode, encoding="utf-8", closefd=False))
