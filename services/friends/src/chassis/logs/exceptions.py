"""Format exceptions for the log: with stack trace, of limited length, without values of rows."""

from traceback import format_exception_only, format_tb
from typing import Final

from chassis.early_logging import stack_trace, text_of, type_of
from chassis.standard_output import MAX_LINE

from .excerpts import MARK, Redact, beginning, both_ends
from .row_values import RowValues, related

LONGEST_MESSAGE: Final = 4096  # characters
MOST_IN_A_CHAIN: Final = 12
FIRST_FRAMES: Final = 8
LAST_FRAMES: Final = 24
MAX_DEPTH_OF_GROUPS: Final = 4

_CAUSE: Final = "\n\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT: Final = "\n\nDuring handling of the above exception, another exception occurred:\n\n"


def exception_fields(error: BaseException | None, values: RowValues, redact: Redact) -> dict[str, str]:
    """Return the exception attributes of the OpenTelemetry semantic conventions."""
    if error is None:
        return {}
    text = values.text(error)
    return {
        "exception.type": type_of(error),
        "exception.message": beginning(
            values.hidden_in(text_of(error)) if text is None else text, LONGEST_MESSAGE, redact
        ),
        "exception.stacktrace": redact(_stack_trace(error, values, redact)),
    }


def _stack_trace(error: BaseException, values: RowValues, redact: Redact) -> str:
    """Return Python's own stack trace, unless it contains values of rows or is too long."""
    if not values and all(len(text_of(each)) <= LONGEST_MESSAGE for each in related([error])):
        trace = stack_trace(error)
        if len(trace) <= MAX_LINE:
            return trace
    return both_ends(_Trace(values, redact).of(error), 2 * MAX_LINE)


class _Trace:
    """A stack trace in Python's format, with limits for messages, frames, causes and members of groups."""

    def __init__(self, values: RowValues, redact: Redact) -> None:
        self._values = values
        self._redact = redact

    def of(self, error: BaseException, depth: int = 0) -> str:
        """Return the trace of the error and its causes, the error last."""
        parts: list[str] = []
        seen: set[int] = set()
        current: BaseException | None = error
        joint = ""
        while current is not None and id(current) not in seen:
            if len(seen) == MOST_IN_A_CHAIN:
                parts.append(MARK + joint)
                break
            seen.add(id(current))
            parts.append(self._one(current, depth) + joint)
            cause = current.__cause__
            joint = _CONTEXT if cause is None else _CAUSE
            current = cause or (None if current.__suppress_context__ else current.__context__)
        return "".join(reversed(parts))

    def _one(self, error: BaseException, depth: int) -> str:
        frames = format_tb(error.__traceback__)
        if len(frames) > FIRST_FRAMES + LAST_FRAMES:
            frames[FIRST_FRAMES:-LAST_FRAMES] = [f"  {MARK}\n"]
        head = ["Traceback (most recent call last):\n", *frames] if frames else []
        members = error.exceptions if isinstance(error, BaseExceptionGroup) and depth < MAX_DEPTH_OF_GROUPS else ()
        inner = [self.of(member, depth + 1).replace("\n", "\n  | ") for member in members[:MOST_IN_A_CHAIN]]
        more = [MARK] if len(members) > MOST_IN_A_CHAIN else []
        return "".join(head) + "\n  +-- ".join([self._last_line(error), *inner, *more])

    def _last_line(self, error: BaseException) -> str:
        text = self._values.text(error)
        if text is None:
            return beginning(self._values.hidden_in(_only(error)), LONGEST_MESSAGE, self._redact)
        notes = "\n".join(["", *_notes(error)])
        return beginning(self._values.hidden_in(f"{type_of(error)}: {text}{notes}"), LONGEST_MESSAGE, self._redact)


def _only(error: BaseException) -> str:
    try:
        return "".join(format_exception_only(error)).rstrip()
    except Exception:  # noqa: BLE001 - an attribute that Python reads may fail
        return type(error).__qualname__


def _notes(error: BaseException) -> list[str]:
    return [note for note in getattr(error, "__notes__", ()) if isinstance(note, str)]
