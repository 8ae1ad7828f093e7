"""Turns the signals that ask a program to end into an exception, so that it stops in order what it started."""

import signal
from types import FrameType


class Stopped(BaseException):
    """Somebody wants us to end."""


def stop_on_signals() -> None:
    """Make the first signal raise `Stopped`; those of an impatient user are ignored while everything stops."""
    signals = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup leaves it
        signals.append(signal.SIGHUP)

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        raise Stopped

    for number in signals:
        signal.signal(number, stop)
