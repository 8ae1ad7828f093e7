"""Write requirements.txt and requirements-dev.txt from pyproject.toml, or check that they are as new as it is.

python tools/lock.py              lock, keeping the versions that still fit
python tools/lock.py --upgrade    lock the newest versions
python tools/lock.py --check      exit 1 if the dependency lists changed since they were locked
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

COMPILE = (
    *("uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--no-annotate", "--no-header", "--no-emit-index-url"),
)
Locks = Mapping[str, Sequence[str]]
LOCKS: Locks = {
    "requirements.txt": ("pyproject.toml",),
    "requirements-dev.txt": ("pyproject.toml", "--group", "dev", "--constraint", "requirements.txt"),
}


def header(folder: Path) -> str:
    """Return the first line of every lock of `folder`; it changes whenever a dependency list does."""
    pyproject = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    project = pyproject["project"]
    lists = [project["requires-python"], project["dependencies"], pyproject["dependency-groups"]]
    digest = hashlib.sha256(json.dumps(lists, sort_keys=True).encode()).hexdigest()
    return f"# Written by `nox -s lock` from dependency lists with the SHA-256 {digest}\n"


def stale(folder: Path, locks: Locks = LOCKS) -> list[str]:
    """Name the locks of `folder` that are missing or older than the dependency lists."""
    first_line = header(folder)
    paths = {name: folder / name for name in locks}
    return [
        name
        for name, path in paths.items()
        if not path.is_file() or not path.read_text(encoding="utf-8").startswith(first_line)
    ]


def lock(folder: Path, locks: Locks = LOCKS, *, upgrade: bool) -> None:
    """Compile the locks of `folder` with uv, for every platform and with hashes; needs the package index."""
    first_line = header(folder)
    for name, inputs in locks.items():
        command = [*COMPILE, *inputs, *(["--upgrade"] if upgrade else []), "--output-file", name]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        path = folder / name
        path.write_text(first_line + path.read_text(encoding="utf-8").removeprefix(first_line), encoding="utf-8")


def main() -> int:
    """Lock or check the current folder; 1 if a check found a stale lock, uv is missing or uv failed."""
    parser = argparse.ArgumentParser(description="Lock the dependencies of this folder.")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a lock is stale")
    options = parser.parse_args()
    folder = Path.cwd()
    if options.check:
        names = stale(folder)
        for name in names:
            print(f"{name} is older than the dependencies in pyproject.toml; run: nox -s lock", file=sys.stderr)
        return 1 if names else 0
    if not shutil.which("uv"):
        print("uv is needed to lock; install it next to nox, for example with: pip install uv", file=sys.stderr)
        return 1
    try:
        lock(folder, upgrade=options.upgrade)
    except subprocess.CalledProcessError:
        return 1  # uv said why
    return 0


if __name__ == "__main__":
    sys.exit(main())
