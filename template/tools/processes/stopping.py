"""Turns termination signals into an exception, so that a program can stop in order what it started."""

import signal
from types import FrameType

INTERRUPTED = 130  # exit code; after any but 0, nox reports the session as interrupted


class Stopped(BaseException):
    """A signal asked this program to end."""


def stop_on_signals() -> None:
    """Make the first signal raise `Stopped`; further ones are ignored while everything stops."""
    signals = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup sets it
        signals.append(signal.SIGHUP)

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        raise Stopped

    for number in signals:
        signal.signal(number, stop)
