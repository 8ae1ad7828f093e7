"""Remove values of rows and parameters from errors of a database before logging: they may be personal data."""

import re
from collections.abc import Iterable
from typing import Final

from chassis.early_logging import text_of, type_of

# Classes of SQLSTATE (appendix A of PostgreSQL's manual) whose messages are about the server or the statement only.
# All others may quote values of a row, or the message of a trigger.
_WITHOUT_VALUES: Final = (
    "08", "0A", "25", "26", "28", "34", "3D", "3F", "40", "42", "53", "54", "55", "57", "58", "F0", "XX",
)  # fmt: skip
_DATA_EXCEPTION: Final = "22"

_CLASS_OF_DRIVER: Final = re.compile(r"<class '[\w.]+'>: ")
_LITERAL: Final = re.compile(r"'(?:[^']|'')*'")
_ANY_LITERAL: Final = "'…'"
_QUOTED: Final = re.compile(
    r"""["\'\u00ab\u00bb\u2018-\u201f\u2039\u203a].*["\'\u00ab\u00bb\u2018-\u201f\u2039\u203a]""", re.DOTALL
)  # quotes in any language of the server
# What comes next in messages of drivers and SQLAlchemy and in stack traces, also if newlines are written as \\n.
_NEXT: Final = r"(?=(?:\n|\\n)(?:HINT: |\[SQL: |\[parameters: |\(Background |The above |During |Traceback )|\Z)"
_DETAIL: Final = re.compile(r"(DETAIL:  ).*?" + _NEXT, re.DOTALL)
_PARAMETERS: Final = re.compile(r"(\[parameters: ).*?" + _NEXT, re.DOTALL)

MAX_RELATED: Final = 100


def described(value: object) -> str:
    """Return the text of a value, without values of rows if it is an error of a database."""
    text = _database_text(value) if isinstance(value, BaseException) else None
    return without_row_values(text_of(value)) if text is None else text


def without_row_values(text: str) -> str:
    """Return the text with details and parameters of quoted database errors masked."""
    if "DETAIL:  " in text:
        text = _DETAIL.sub(r"\1[redacted]", text)
    if "[parameters: " in text:
        text = _PARAMETERS.sub(r"\1[redacted]]", text)
    return text


class RowValues:
    """Finds errors of a database among errors and their causes, and hides the values that they quote."""

    def __init__(self, errors: Iterable[BaseException]) -> None:
        self._texts: dict[int, str] = {}  # by the identity of the error
        self._replacements: dict[str, str] = {}
        for error in related(errors):
            if (text := _database_text(error)) is None:
                continue
            self._texts[id(error)] = text
            self._replacements[text_of(error)] = text
            self._replacements[_repr_of(error)] = f"{type(error).__name__}({text!r})"
            original = _attribute(error, "orig")
            for each in related([original] if isinstance(original, BaseException) else []):
                # Errors of a statement before it reached the database quote its parameters, too.
                self._texts.setdefault(id(each), _database_text(each) or _without_quotes(text_of(each)))

    def __bool__(self) -> bool:
        return bool(self._texts)

    def text(self, error: BaseException) -> str | None:
        """Return the safe text of the error, or None if it is not an error of a database."""
        return self._texts.get(id(error))

    def hidden_in(self, text: str) -> str:
        """Return the text with quoted errors replaced by their safe text."""
        for quoted in sorted(filter(None, self._replacements), key=len, reverse=True):
            text = text.replace(quoted, self._replacements[quoted])
        return text


def related(errors: Iterable[BaseException]) -> list[BaseException]:
    """Return the errors, their causes and contexts, and members of groups, up to a limit."""
    found: dict[int, BaseException] = {}
    to_see = list(errors)
    while to_see and len(found) < MAX_RELATED:
        error = to_see.pop()
        if id(error) not in found:
            found[id(error)] = error
            group = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
            to_see += [each for each in (error.__cause__, error.__context__, *group) if each is not None]
    return list(found.values())


def _database_text(error: BaseException) -> str | None:
    original = _attribute(error, "orig")
    if isinstance(original, BaseException):  # SQLAlchemy's StatementError and DBAPIError
        text = _database_text(original) or _without_quotes(text_of(original))
        statement = _attribute(error, "statement")
        shown = f"\n[SQL: {_LITERAL.sub(_ANY_LITERAL, statement)}]" if isinstance(statement, str) else ""
        return f"({type_of(original)}) {text}{shown}"
    state = _attribute(error, "sqlstate")  # asyncpg, psycopg, and SQLAlchemy's wrapper around asyncpg
    return _server_text(error, state) if isinstance(state, str) else None


def _server_text(error: BaseException, state: str) -> str:
    cause = error.__cause__
    source = cause if cause is not None and _attribute(cause, "sqlstate") == state else error
    message = _CLASS_OF_DRIVER.sub("", text_of(error.args[0] if error.args else ""), count=1)
    if state.startswith(_DATA_EXCEPTION):
        message = _without_quotes(message)
    elif not state.startswith(_WITHOUT_VALUES):
        message = ""
    named = [
        f"{name} {value}"
        for name in ("constraint", "schema", "table", "column")
        if (value := _attribute(source, f"{name}_name"))
    ]
    return ", ".join(filter(None, (message, f"SQLSTATE {state}", *named)))


def _without_quotes(message: str) -> str:
    """Return the part of a message before it quotes a value."""
    return _QUOTED.sub('"…"', message).partition(": ")[0]


def _attribute(error: BaseException, name: str) -> object:
    try:
        return getattr(error, name, None)
    except Exception:  # noqa: BLE001 - a property may fail
        return None


def _repr_of(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - it may be anyone's code
        return ""
