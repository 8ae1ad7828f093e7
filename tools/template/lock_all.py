"""Lock everything: the repository's own tools, the template's seeds, the benchmark's contenders, and every service.

The services start from the template's locks, so that all of them run the same versions of what they share.
The nox and uv of `noxw` are those of every service's CI, too, where they are an owned file.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from dependencies import lock
from dependencies.online import advice
from layout import ROOT, services
from template.rendering import render

OWN: lock.Locks = {
    "tools/noxw-requirements.txt": ("--group", "noxw"),
    "requirements-dev.txt": ("--group", "dev", "--constraint", "tools/noxw-requirements.txt"),
    "docs/requirements-dev.txt": ("--group", "docs", "--constraint", "requirements-dev.txt"),
}
# After the template's, so that the contenders run the same versions as the services of what both have.
CONTENDERS: lock.Locks = {
    "benchmarks/requirements-dev.txt": ("--group", "bench", "--constraint", "template/requirements.txt"),
}
NOX_OF_SERVICES = ROOT / "template/tools/dependencies/nox-requirements.txt"


def give_nox_to_services() -> None:
    """Copy the lock of nox and uv without its first line, whose dependency lists a service does not have."""
    own = (ROOT / "tools" / "noxw-requirements.txt").read_text(encoding="utf-8")
    NOX_OF_SERVICES.write_text(own.removeprefix(lock.header(ROOT)), encoding="utf-8")


def lock_template(*, upgrade: int | None) -> None:
    """Lock the dependencies of a service with default answers."""
    seeds = ROOT / "template"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "service"
        render(folder, {"service_name": "orders"}, seed=True)
        lock.lock(folder, upgrade=upgrade)
        for name in lock.LOCKS:
            shutil.copyfile(folder / name, seeds / name)


def take_template_locks(service: Path) -> bool:
    """Copy the template's locks to a service if they fit its dependency lists; needs no network."""
    fitting = all(
        (ROOT / "template" / name).read_text(encoding="utf-8").startswith(lock.header(service)) for name in lock.LOCKS
    )
    if fitting:
        for name in lock.LOCKS:
            shutil.copyfile(ROOT / "template" / name, service / name)
    return fitting


def lock_service(folder: Path, *, upgrade: int | None) -> None:
    """Lock a service: with the template's versions where they fit, and its own for other packages."""
    for name in lock.LOCKS:
        common = ROOT / "template" / name
        known = lock.pins(common)
        before = lock.pins(folder / name) if (folder / name).is_file() else {}
        own = [(package, version) for package in before.keys() - known.keys() for version in before[package]]
        lines = [f"{package}=={version}\n" for package, version in sorted(own)]
        (folder / name).write_text(common.read_text(encoding="utf-8") + "".join(lines), encoding="utf-8")
    lock.lock(folder, upgrade=upgrade)


def main() -> int:
    """Lock everything; `--upgrade` takes newer versions, `--check` only looks at the repository's own locks."""
    wanted = lock.options("Lock the dependencies of everything.")
    if wanted.check:
        names = lock.stale(ROOT, {**OWN, **CONTENDERS})
        for name in names:
            print(f"{name} is older than the dependencies in pyproject.toml; run: ./noxw -s lock", file=sys.stderr)
        return 1 if names else 0
    try:
        lock.lock(ROOT, OWN, upgrade=wanted.upgrade)
        give_nox_to_services()
        lock_template(upgrade=wanted.upgrade)
        lock.lock(ROOT, CONTENDERS, upgrade=wanted.upgrade)
        for service in services():
            lock_service(service, upgrade=wanted.upgrade)
    except subprocess.CalledProcessError as error:
        print(advice(error.stderr or ""), end="", file=sys.stderr)  # below what uv said
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
