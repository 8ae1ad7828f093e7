"""Bring this service to the newest version of its template; arguments go to `copier update`.

It stops before it changes anything if something is not committed, and names the files with conflicts.
"""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from dependencies import lock

COPIER = [sys.executable, "-m", "copier"] if find_spec("copier") else ["uv", "tool", "run", "copier@latest"]
COMMIT_FIRST = "Commit or remove these first, so that the update can be looked at and undone:"
TAKE_TEMPLATE = "Owned files hold nothing of yours: take the template's side, add them, and run the checks."


def git(*arguments: str) -> str:
    """Return what a git command prints; raises `CalledProcessError` if it fails."""
    return subprocess.run(["git", *arguments], check=True, text=True, stdout=subprocess.PIPE).stdout.rstrip()


def update(arguments: list[str]) -> int:
    """Update, lock again if dependencies changed, and say what changed."""
    # Of other services in the repository, what is staged does no harm.
    changes = {line for line in git("status", "--porcelain").splitlines() if line[1] != " "}
    changes.update(git("status", "--porcelain", ".").splitlines())
    if changes:
        print(COMMIT_FIRST, *sorted(changes), sep="\n", file=sys.stderr)
        return 1
    # From the top of the repository both a template elsewhere and one in this repository (`_src_path: .`) are found.
    top = Path(git("rev-parse", "--show-toplevel"))
    service = Path.cwd().resolve().relative_to(top.resolve())
    subprocess.run([*COPIER, "update", "--defaults", "--quiet", *arguments, service], cwd=top, check=True)
    conflicts = git("diff", "--name-only", "--diff-filter=U", "--relative")
    if conflicts:
        print(f"These files have conflicts:\n{conflicts}\n{TAKE_TEMPLATE}", file=sys.stderr)
        return 1
    if lock.stale(Path()):
        lock.lock(Path(), upgrade=None)
    print(git("status", "--short", "--untracked-files=all", ".") or "Nothing changed; this is the newest version.")
    return 0


def main() -> int:
    """Update; 1 if something is uncommitted or in conflict, uv is missing, or a program failed, which then said why."""
    if not shutil.which("uv"):
        print("uv is needed to update; install it next to nox, for example with: pip install uv", file=sys.stderr)
        return 1
    try:
        return update(sys.argv[1:])
    except subprocess.CalledProcessError:
        return 1


if __name__ == "__main__":
    sys.exit(main())
