"""The modules to mutate, and the tests that must notice."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layout import ROOT, services

CHASSIS_OF: Final = "users"  # the chassis is the same in every service


@dataclass(frozen=True)
class Target:
    """A module of a service, and the tests that must notice its mutants."""

    name: str
    """The name, such as `users/core/errors` or `chassis/web/pagination`."""
    service: Path
    file: Path
    """The path relative to the service."""
    runs: list[tuple[str, ...]]
    """Arguments of pytest for each run. Later runs take longer; they run only if earlier ones noticed nothing."""


def targets() -> list[Target]:
    """Return all targets: the core of each service, then the chassis once."""
    cores = [_core(service, file) for service in services() for file in _modules(service, "src/*_service/core")]
    with_chassis = ROOT / "services" / CHASSIS_OF
    return cores + [_chassis(with_chassis, file) for file in _modules(with_chassis, "src/chassis")]


def _modules(service: Path, folder: str) -> list[Path]:
    return sorted(file.relative_to(service) for file in service.glob(f"{folder}/**/*.py") if file.stat().st_size)


def _core(service: Path, file: Path) -> Target:
    below = file.relative_to(*file.parts[:2])
    runs = [*_own(service, below), ("tests/core",)]
    # The core needs nothing of what the conftest imports, and most of the time would go into that.
    return Target(f"{service.name}/{_name(below)}", service, file, [("--noconftest", *run) for run in runs])


def _chassis(service: Path, file: Path) -> Target:
    below = file.relative_to("src")
    beside = tuple(str(test.relative_to(service)) for test in sorted(service.glob("tests/chassis/test_*.py")))
    whole = [beside, ("tests/chassis/problems",), ("tests/chassis/web",), ("tests/conformance",)]
    folder = (f"tests/{below.parent}",)
    # What stands beside the folders is seen in the log, too; to run all of tests/chassis would take minutes each time.
    runs = [*whole, ("tests/chassis/logs",)] if folder == ("tests/chassis",) else [folder, *whole]
    return Target(_name(below), service, file, list(dict.fromkeys([*_own(service, below), *runs])))


def _own(service: Path, module: Path) -> list[tuple[str, ...]]:
    """Return the run of the tests named after a module, if there are any."""
    tests = Path("tests", module.parent, f"test_{module.name}")
    return [(str(tests),)] if (service / tests).is_file() else []


def _name(module: Path) -> str:
    return module.with_suffix("").as_posix()
