"""Bring the virtual environment `.venv` of the current folder up to its requirements-dev.txt.

If it is up to date, this does nothing and needs no network: a stamp in it says what it was created from.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from dependencies.online import INSTALL_UV, advice, run_online

REQUIREMENTS = Path("requirements-dev.txt")
ENVIRONMENT = Path(".venv")
STAMP = ENVIRONMENT / "made-from"


def origin() -> dict[str, str]:
    """Return what the environment is made from: the folder, this Python, and a digest of the requirements."""
    return {
        "folder": str(ENVIRONMENT.absolute()),
        "Python": f"{platform.python_version()} in {sys.base_prefix}",
        REQUIREMENTS.name: hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest(),
    }


def stamp_of(made_from: Mapping[str, str]) -> str:
    """Return the text of the stamp: a digest, and what it was made from, for the next message."""
    python = f"{sys.base_prefix} {sys.version} {ENVIRONMENT.absolute()}"
    digest = hashlib.sha256(python.encode() + REQUIREMENTS.read_bytes()).hexdigest()
    return f"{digest}\n{json.dumps(made_from)}\n"


def change(stamp: str, now: Mapping[str, str]) -> str:
    """Return what has changed since the stamp was written, such as "Python changed from … to …"."""
    _, _, details = stamp.partition("\n")
    before: dict[str, str] = json.loads(details or "{}")
    name = next((name for name in now if name in before and before[name] != now[name]), None)
    if name is None:
        return f"Python or {REQUIREMENTS} changed"
    return f"{name} changed" if name == REQUIREMENTS.name else f"{name} changed from {before[name]} to {now[name]}"


def make(why: str) -> None:
    """Replace the environment by a new one; raises `CalledProcessError` if uv fails. `why`: empty the first time."""
    count = sum("==" in line for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines())
    print(
        f"{f'{why}: i' if why else 'I'}nstalling {count} packages into {ENVIRONMENT.absolute()}; "
        f"{'with an empty cache' if why else 'the first time'} this takes about a minute.",
        file=sys.stderr,
        flush=True,
    )
    subprocess.run(["uv", "venv", "--quiet", "--clear", "--python", sys.executable, ENVIRONMENT], check=True)
    # Where Python may not keep what it compiles, every start would compile everything again.
    compiled = ["--compile-bytecode"] if sys.dont_write_bytecode else []
    install = ["uv", "pip", "sync", "--quiet", "--require-hashes", *compiled]
    run_online([*install, "--python", ENVIRONMENT, REQUIREMENTS])


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hold a lock on the folder, which ends with the process; waits for another run of this program in it."""
    folder = os.open(".", os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def main() -> int:
    """Create or replace the environment if needed; return 1 if uv is missing or fails."""
    with alone():
        return refresh()


def refresh() -> int:
    """Replace the environment if its stamp differs; return 1 if uv is missing or fails."""
    made_from = origin()
    stamp = stamp_of(made_from)
    before = STAMP.read_text(encoding="utf-8") if STAMP.is_file() else ""
    if before.split("\n")[0] == stamp.split("\n")[0]:
        return 0
    if not shutil.which("uv"):
        print(f"uv is needed to create .venv. {INSTALL_UV}", file=sys.stderr)
        return 1
    try:
        make(change(before, made_from) if before else "")
    except subprocess.CalledProcessError as error:
        print(f"uv could not create {ENVIRONMENT.absolute()}; see above.", file=sys.stderr)
        print(advice(error.stderr or ""), end="", file=sys.stderr)
        return 1
    STAMP.write_text(stamp, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
