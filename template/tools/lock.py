"""Write requirements.txt and requirements-dev.txt from pyproject.toml, or check that they are as new as it is.

python tools/lock.py              lock, keeping the versions that still fit
python tools/lock.py --upgrade    lock the newest versions
python tools/lock.py --check      exit 1 if the dependency lists changed since they were locked
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

COMPILE = (
    *("uv", "pip", "compile", "pyproject.toml", "--quiet", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--no-annotate", "--no-header", "--no-emit-index-url"),
)
LOCKS = {
    "requirements.txt": (),
    "requirements-dev.txt": ("--group", "dev", "--constraint", "requirements.txt"),
}


def header(folder: Path) -> str:
    """Return the first line of every lock of `folder`; it changes whenever a dependency list does."""
    pyproject = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    project = pyproject["project"]
    lists = [project["requires-python"], project["dependencies"], pyproject.get("dependency-groups", {})]
    digest = hashlib.sha256(json.dumps(lists, sort_keys=True).encode()).hexdigest()
    return f"# Written by `nox -s lock` from dependency lists with the SHA-256 {digest}\n"


def stale(folder: Path) -> list[str]:
    """Name the locks of `folder` that are missing or older than the dependency lists."""
    first_line = header(folder)
    return [
        name
        for name in LOCKS
        if not (folder / name).is_file() or not (folder / name).read_text(encoding="utf-8").startswith(first_line)
    ]


def lock(folder: Path, *, upgrade: bool) -> None:
    """Compile every lock of `folder` with uv, universally and with hashes; needs the package index."""
    first_line = header(folder)
    for name, options in LOCKS.items():
        command = [*COMPILE, *options, *(["--upgrade"] if upgrade else []), "--output-file", name]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        path = folder / name
        path.write_text(first_line + path.read_text(encoding="utf-8").removeprefix(first_line), encoding="utf-8")


def main() -> int:
    """Lock or check the folder this is called from; 1 if a check found a stale lock or uv failed."""
    parser = argparse.ArgumentParser(description="Lock the dependencies of this folder.")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a lock is stale")
    options = parser.parse_args()
    folder = Path.cwd()
    if options.check:
        for name in stale(folder):
            print(f"{name} is older than the dependencies in pyproject.toml; run: nox -s lock", file=sys.stderr)
        return 1 if stale(folder) else 0
    try:
        lock(folder, upgrade=options.upgrade)
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
