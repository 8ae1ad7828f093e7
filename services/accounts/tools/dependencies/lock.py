"""Write requirements.txt and requirements-dev.txt from pyproject.toml, or check that they fit it.

python -m dependencies.lock                         lock, keeping the versions that still fit
python -m dependencies.lock --upgrade               lock the newest versions that are at least a week old
python -m dependencies.lock --upgrade --cooldown 0  lock the newest versions, for an urgent fix
python -m dependencies.lock --check                 exit 1 if a lock is older than the dependency lists or violates them
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

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dependencies.online import INSTALL_UV, advice, run_online
from invocation import command

COMPILE = (
    *("uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--no-annotate", "--no-header", "--no-emit-index-url"),
)
COOLDOWN_DAYS = 7  # most malicious releases are found and removed within days
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
    """Return the names of the locks of `folder` that are missing or older than the dependency lists."""
    first_line = header(folder)
    paths = {name: folder / name for name in locks}
    return [
        name
        for name, path in paths.items()
        if not path.is_file() or not path.read_text(encoding="utf-8").startswith(first_line)
    ]


def pins(lock: Path) -> dict[str, set[str]]:
    """Return the versions that a lock pins for each package: several if they differ by platform."""
    found: dict[str, set[str]] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        if line[:1].isalnum():
            name, version = line.split(";")[0].removesuffix("\\").split("==")
            found.setdefault(name, set()).add(version.strip())
    return found


def unfit(folder: Path) -> list[str]:
    """Return what is wrong with the pins of a service, such as after an edit by hand or by a bot."""
    pyproject = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    run_time, everything = (pins(folder / name) for name in LOCKS)
    found = [
        f"requirements.txt has {name} {' and '.join(versions)}, and requirements-dev.txt does not"
        for name, versions in run_time.items()
        if everything.get(name) != versions
    ]
    for line in (*pyproject["project"]["dependencies"], *pyproject["dependency-groups"]["dev"]):
        requirement = Requirement(line)
        versions = everything.get(canonicalize_name(requirement.name), set())
        if not versions or any(version not in requirement.specifier for version in versions):
            found.append(f"requirements-dev.txt has {' and '.join(versions) or 'nothing'} for {line}")
    return found


def lock(folder: Path, locks: Locks = LOCKS, *, upgrade: int | None) -> None:
    """Compile the locks of `folder` with uv, for every platform and with hashes; needs the package index.

    Keeps versions that fit. With `upgrade`, takes the newest versions that are at least so many days old.
    Raises `CalledProcessError` if uv fails.
    """
    first_line = header(folder)
    newer = [] if upgrade is None else ["--upgrade", "--exclude-newer", f"{upgrade} days"]
    for name, inputs in locks.items():
        command = [*COMPILE, *inputs, *newer, "--output-file", name]
        run_online(command, cwd=folder)
        path = folder / name
        path.write_text(first_line + path.read_text(encoding="utf-8").removeprefix(first_line), encoding="utf-8")


def check(folder: Path) -> list[str]:
    """Return what is wrong with the locks of a service, one sentence each."""
    return [f"{name} is older than the dependencies in pyproject.toml" for name in stale(folder)] or unfit(folder)


def options(description: str) -> argparse.Namespace:
    """Return the options: `check`, and `upgrade` in days or None."""
    parser = argparse.ArgumentParser(prog=command("lock"), description=description)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    age = "with --upgrade: how old they must be"
    parser.add_argument("--cooldown", type=int, default=COOLDOWN_DAYS, metavar="DAYS", help=age)
    parser.add_argument("--check", action="store_true", help="only fail if a lock does not fit")
    parsed = parser.parse_args()
    parsed.upgrade = parsed.cooldown if parsed.upgrade else None
    return parsed


def main() -> int:
    """Lock or check the current folder; return 1 if a lock does not fit, or uv is missing or fails."""
    wanted = options("Lock the dependencies of this folder.")
    folder = Path.cwd()
    if wanted.check:
        problems = check(folder)
        for problem in problems:
            print(f"{problem}; run: nox -s lock", file=sys.stderr)
        return 1 if problems else 0
    if not shutil.which("uv"):
        print(f"uv is needed to lock. {INSTALL_UV}", file=sys.stderr)
        return 1
    try:
        lock(folder, upgrade=wanted.upgrade)
    except subprocess.CalledProcessError as error:
        print(advice(error.stderr or ""), end="", file=sys.stderr)  # below what uv said
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
