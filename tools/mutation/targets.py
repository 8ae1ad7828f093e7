"""What is mutated, and which tests have to notice."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layout import ROOT, services

CHASSIS_OF: Final = "users"  # the chassis is the same in every service

# Where it is not `test_<module>.py` alone; a module that has neither is tried with all tests of the chassis.
_TESTS_OF_CHASSIS: Final = {
    "access_log": ("access_log", "logged_bodies", "request_context", "application"),
    "application": (
        "application",
        "service",
        "documentation",
        "limits",
        "health",
        "problems",
        "lifecycle",
        "access_log",
        "routing",
    ),
    "body_limit": ("body_limit", "application"),
    "commands": ("commands", "logging", "server"),
    "database": ("database", "database_failures", "statements"),
    "database_errors": ("database_failures", "database", "health"),
    "engine": ("engine", "database", "database_failures", "statements", "health"),
    "errors": ("body_limit",),
    "exchange": ("exchange", "access_log", "logged_bodies", "body_limit"),
    "health": ("health", "lifecycle"),
    "http_client": ("http_client", "http_client_patience", "circuit_breaker"),
    "kept_connections": ("database", "database_failures"),
    "lifecycle": ("lifecycle", "health", "application"),
    "limits": ("limits", "application"),
    "log_formats": ("log_formats", "access_log", "logged_bodies", "logging"),
    "logging": ("logging", "commands"),
    "migrations": ("commands", "health", "migrations_of_service"),
    "pagination": ("pagination", "routing"),
    "problem_handlers": ("problems", "unhandled", "routing", "limits", "body_limit"),
    "problems": ("problems", "documentation", "limits", "body_limit", "http_protocol", "health", "unhandled"),
    "request_context": ("request_context", "access_log", "http_protocol", "application"),
    "response_headers": ("documentation",),
    "routing": ("routing", "problems", "documentation"),
    "server": ("server", "commands", "logging"),
    "settings": ("settings", "settings_table"),
    "uncaught": ("log_formats", "logging"),
    "unhandled": ("unhandled", "application"),
    "validation": ("problems", "routing"),
}


@dataclass(frozen=True)
class Target:
    """A module of a service, and the tests that cover it."""

    name: str
    """Such as `users/core/errors` or `chassis/pagination`."""
    service: Path
    file: Path
    """Relative to the service."""
    tests: list[str]


def targets() -> list[Target]:
    """Return all targets: the core of each service, then the chassis once."""
    cores = [_core(service, file) for service in services() for file in _modules(service, "core")]
    with_chassis = ROOT / "services" / CHASSIS_OF
    return cores + [_chassis(with_chassis, file) for file in _modules(with_chassis, "chassis")]


def _modules(service: Path, layer: str) -> list[Path]:
    files = service.glob(f"src/*/{layer}/**/*.py")
    return sorted(file.relative_to(service) for file in files if file.stat().st_size)


def _core(service: Path, file: Path) -> Target:
    first = f"tests/{_name(Path(*file.parts[:-1], f'test_{file.name}'))}.py"
    tests = [first, "tests/core"] if (service / first).is_file() else ["tests/core"]
    # The core needs nothing of what the conftest imports, and most of the time would go into that.
    return Target(f"{service.name}/{_name(file)}", service, file, ["--noconftest", *tests])


def _chassis(service: Path, file: Path) -> Target:
    tests = [f"tests/chassis/test_{name}.py" for name in _TESTS_OF_CHASSIS.get(file.stem, (file.stem,))]
    known = all((service / test).is_file() for test in tests)
    return Target(_name(file), service, file, tests if known else ["tests/chassis"])


def _name(file: Path) -> str:
    """The path below the package, without `.py`."""
    return Path(*file.with_suffix("").parts[2:]).as_posix()
