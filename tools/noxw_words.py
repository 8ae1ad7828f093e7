"""Run nox for `noxw`: `./noxw serve --reload` is short for `./noxw -s serve -- --reload`."""

import argparse
import ast
import json
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from nox.__main__ import main as run_nox

USAGE_ERROR = 2
INTERRUPTED = 130


def sessions(noxfile: Path) -> list[str]:
    """Return the names of the sessions of a noxfile, in its order."""
    functions = [node for node in ast.parse(noxfile.read_bytes()).body if isinstance(node, ast.FunctionDef)]
    names = [_session_name(decorator, each.name) for each in functions for decorator in each.decorator_list]
    return [name for name in names if name]


def _session_name(decorator: ast.expr, function: str) -> str | None:
    """Return the name that nox gives the session, or None if the decorator makes no session."""
    if "session" not in ast.unparse(decorator).partition("(")[0]:
        return None
    keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
    named = [each.value.value for each in keywords if each.arg == "name" and isinstance(each.value, ast.Constant)]
    return str(named[0]) if named else function


def nox_arguments(known: Sequence[str], given: Sequence[str]) -> list[str]:
    """Return the arguments for nox: leading words are sessions, and the rest is for these.

    Raises `ValueError` if the first word, or the name after `-s`, is no session.
    """
    if given[:1] == ["-s"] and len(given) > 1 and given[1].isalpha() and given[1] not in known:
        raise _unknown(given[1], known, "./noxw -s")
    if not given or given[0].startswith("-"):
        return list(given)
    count = next((number for number, word in enumerate(given) if word not in known), len(given))
    if not count:
        raise _unknown(given[0], known, "./noxw")
    rest = given[count:]
    return ["-s", *given[:count], *([] if rest[:1] == ["--"] or not rest else ["--"]), *rest]


def _unknown(word: str, known: Sequence[str], command: str) -> ValueError:
    near = get_close_matches(word, known, n=1)
    meant = f" Did you mean {command} {near[0]}?" if near else ""
    return ValueError(f"there is no session {word!r}.{meant} ./noxw -l lists all sessions.")


def failures(report: Mapping[str, Any], arguments: Sequence[str]) -> Iterator[str]:
    """Yield lines about the failed sessions of nox's report: the command that repeats each, and the reason if known.

    `arguments`: those that nox had. Yields nothing if only one session ran: nox has just said it, with the reason.
    """
    ran = report["sessions"]
    failed = [session for session in ran if session["result"] in {"failed", "aborted"}]
    if not failed or len(ran) == 1:
        return
    yield f"{len(failed)} of {len(ran)} sessions failed. Run them again with:"
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options, own = arguments[:end], arguments[end:]
    for session in failed:
        yield f"  {shlex.join(['./noxw', *_other_noxfile(options), '-s', session['name'], *own])}"
        yield from (f"    {line}" for line in (session["reason"] or "").splitlines())


def _other_noxfile(options: Sequence[str]) -> list[str]:
    """Return the option for a noxfile other than that of the repository, if it is given."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("-f", "--noxfile")
    parser.add_argument("-fb", "--force-venv-backend")  # else it would be -f with the value b
    given, _ = parser.parse_known_args(options)
    return ["-f", given.noxfile] if given.noxfile else []


def run(noxfile: Path, arguments: Sequence[str]) -> int:
    """Run nox and then say which sessions failed; return its exit code."""
    with tempfile.TemporaryDirectory(prefix="noxw-") as folder:
        report = Path(folder, "report.json")
        sys.argv = ["nox", "-f", str(noxfile), "--report", str(report), *arguments]
        try:
            run_nox()
        except SystemExit as end:
            code = end.code
        else:
            code = 0
        if report.is_file():
            for line in failures(json.loads(report.read_text(encoding="utf-8")), arguments):
                print(f"noxw: {line}", file=sys.stderr)
    return code if isinstance(code, int) else int(code is not None)


def main() -> int:
    """Run nox; return its exit code, 2 if a word names no session, and 130 after Ctrl-C."""
    noxfile = Path(sys.argv[1])
    try:
        return run(noxfile, nox_arguments(sessions(noxfile), sys.argv[2:]))
    except ValueError as error:
        print(f"noxw: {error}", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        print("noxw: stopped.", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
