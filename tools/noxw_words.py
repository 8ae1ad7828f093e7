"""Run nox for `noxw`: `./noxw serve --reload` is short for `./noxw -s serve -- --reload`."""

import ast
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

USAGE_ERROR = 2


def sessions(noxfile: Path) -> list[str]:
    """Return the names of the sessions of a noxfile, in its order."""
    functions = [node for node in ast.parse(noxfile.read_bytes()).body if isinstance(node, ast.FunctionDef)]
    names = [_session_name(decorator, each.name) for each in functions for decorator in each.decorator_list]
    return [name for name in names if name]


def _session_name(decorator: ast.expr, function: str) -> str | None:
    """Return how nox calls the session, or None if the decorator makes no session."""
    if "session" not in ast.unparse(decorator).partition("(")[0]:
        return None
    keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
    named = [each.value.value for each in keywords if each.arg == "name" and isinstance(each.value, ast.Constant)]
    return str(named[0]) if named else function


def nox_arguments(known: Sequence[str], given: Sequence[str]) -> list[str]:
    """Return what nox is called with: leading words are sessions, and what follows is theirs.

    Raises `ValueError` if the first word names no session.
    """
    if not given or given[0].startswith("-"):
        return list(given)
    count = next((number for number, word in enumerate(given) if word not in known), len(given))
    if not count:
        near = get_close_matches(given[0], known, n=1)
        meant = f" Did you mean ./noxw {near[0]}?" if near else ""
        raise ValueError(f"there is no session {given[0]!r}.{meant} ./noxw -l lists all sessions.")
    rest = given[count:]
    return ["-s", *given[:count], *([] if rest[:1] == ["--"] or not rest else ["--"]), *rest]


def main() -> NoReturn:
    """Become nox; ends with 2 if a word names no session."""
    noxfile = Path(sys.argv[1])
    try:
        arguments = nox_arguments(sessions(noxfile), sys.argv[2:])
    except ValueError as error:
        print(f"noxw: {error}", file=sys.stderr)
        sys.exit(USAGE_ERROR)
    command = [sys.executable, "-P", "-m", "nox", "-f", str(noxfile), *arguments]
    os.execv(command[0], command)  # noqa: S606 - no shell, and the program of this environment


if __name__ == "__main__":
    main()
