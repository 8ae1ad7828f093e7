"""Bring the virtual environment `.venv` of the current folder up to its requirements-dev.txt.

If it is up to date, this does nothing and needs no network: a stamp in it says what it was created from.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from dependencies.online import INSTALL_UV, advice, run_online

REQUIREMENTS = Path("requirements-dev.txt")
ENVIRONMENT = Path(".venv")
STAMP = ENVIRONMENT / "made-from"


def wanted() -> str:
    """Return a digest of what the environment depends on: its folder, this Python, and the requirements."""
    python = f"{sys.base_prefix} {sys.version} {ENVIRONMENT.absolute()}"
    return hashlib.sha256(python.encode() + REQUIREMENTS.read_bytes()).hexdigest()


def make() -> None:
    """Replace the environment by a new one; raises `CalledProcessError` if uv fails."""
    count = sum("==" in line for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines())
    folder = ENVIRONMENT.absolute()
    print(
        f"Installing {count} packages into {folder}; the first time this takes about a minute.",
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
    stamp = wanted()
    if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == stamp:
        return 0
    if not shutil.which("uv"):
        print(f"uv is needed to create .venv. {INSTALL_UV}", file=sys.stderr)
        return 1
    try:
        make()
    except subprocess.CalledProcessError as error:
        print(f"uv could not create {ENVIRONMENT.absolute()}; see above.", file=sys.stderr)
        print(advice(error.stderr or ""), end="", file=sys.stderr)
        return 1
    STAMP.write_text(stamp, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
