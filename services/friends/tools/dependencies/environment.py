"""Bring the virtual environment `.venv` of the current folder up to its requirements-dev.txt.

Does nothing, and needs no network, when it is up to date: a stamp in it says what it was made from.
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

REQUIREMENTS = Path("requirements-dev.txt")
ENVIRONMENT = Path(".venv")
STAMP = ENVIRONMENT / "made-from"


def wanted() -> str:
    """Return what the environment depends on: its folder, the Python that runs this, and the requirements."""
    python = f"{sys.base_prefix} {sys.version} {ENVIRONMENT.absolute()}"
    return hashlib.sha256(python.encode() + REQUIREMENTS.read_bytes()).hexdigest()


def make() -> None:
    """Make the environment anew with uv; raises `CalledProcessError` if uv fails."""
    count = sum("==" in line for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines())
    folder = ENVIRONMENT.absolute()
    print(
        f"Installing {count} packages into {folder}; without a cache this takes a minute.", file=sys.stderr, flush=True
    )
    subprocess.run(["uv", "venv", "--quiet", "--clear", "--python", sys.executable, ENVIRONMENT], check=True)
    # Where Python may not keep what it compiles, every start would compile everything again.
    compiled = ["--compile-bytecode"] if sys.dont_write_bytecode else []
    install = ["uv", "pip", "sync", "--quiet", "--require-hashes", *compiled]
    subprocess.run([*install, "--python", ENVIRONMENT, REQUIREMENTS], check=True)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Wait for another run of this program in the same folder; the lock is on the folder and dies with the process."""
    folder = os.open(".", os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def main() -> int:
    """Make the environment if it is missing or old; 1 if uv is missing or fails."""
    with alone():
        return refresh()


def refresh() -> int:
    """Compare the stamp, and make the environment if it differs."""
    stamp = wanted()
    if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == stamp:
        return 0
    if not shutil.which("uv"):
        print("uv is needed to make .venv; install it next to nox, for example with: pip install uv", file=sys.stderr)
        return 1
    try:
        make()
    except subprocess.CalledProcessError:
        print(f"{ENVIRONMENT.absolute()} could not be made; uv said why above.", file=sys.stderr)
        return 1
    STAMP.write_text(stamp, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
