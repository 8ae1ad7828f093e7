"""What Python runs first in every program that has this folder on its PYTHONPATH: Ctrl-C prints no traceback.

Programs that have to stop something at Ctrl-C do so themselves; nox says which session was interrupted.
"""

import sys
from types import TracebackType


def _print_unless_interrupted(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)


sys.excepthook = _print_unless_interrupted
