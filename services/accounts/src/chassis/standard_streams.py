"""Standard input, output and error are open, whoever started us."""

import os
import sys
from typing import Final

_STREAMS: Final = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def open_missing_streams() -> None:
    """Read from and write to /dev/null where a stream was closed before the start (`>&-`).

    Else the next file or socket would get its number. What is then printed would go there, and libuv ends the process.
    """
    for number, (name, mode) in enumerate(_STREAMS):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
            os.set_inheritable(opened, True)  # noqa: FBT003 - it takes no keyword
            setattr(sys, name, os.fdopen(opened, mode, encoding="utf-8", closefd=False))
