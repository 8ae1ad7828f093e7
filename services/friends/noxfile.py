"""What one does with this service; `nox -l` lists it. All sessions share one environment, `.venv`."""

import os
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2026.4"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "typecheck", "test"]

BIN = Path(".venv", "Scripts" if os.name == "nt" else "bin").absolute()
CODE = ("src", "tests", "tools", "migrations")


def run(session: nox.Session, program: str, *arguments: str) -> None:
    """Run a program of the environment, which is first brought up to requirements-dev.txt."""
    session.run(sys.executable, "tools/environment.py", log=False)
    session.run(str(BIN / program), *arguments, env={"PYTHONPATH": os.pathsep.join(["src", "tools"])})


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, import contracts, the container's files, and that the locks are as new as pyproject.toml."""
    run(session, "python", "tools/lock.py", "--check")
    run(session, "ruff", "check", *session.posargs)
    run(session, "ruff", "format", "--check")
    run(session, "lint-imports")
    run(session, "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yml")
    if os.name != "nt":  # hadolint has no wheel for Windows
        run(session, "hadolint", "Dockerfile")


@nox.session
def typecheck(session: nox.Session) -> None:
    """Check types strictly."""
    run(session, "mypy", *(session.posargs or CODE))


@nox.session
def test(session: nox.Session) -> None:
    """Run the tests on an embedded PostgreSQL and check what they cover; arguments go to pytest instead."""
    if session.posargs:
        run(session, "pytest", *session.posargs)
        return
    run(session, "coverage", "erase")
    run(session, "coverage", "run", "-m", "pytest")
    run(session, "coverage", "combine", "--quiet")
    run(session, "coverage", "report")
    run(session, "coverage", "report", "--include", "src/*/core/*,src/*/api/*", "--fail-under", "100")


@nox.session(name="format")
def format_code(session: nox.Session) -> None:
    """Format the code and apply the safe fixes."""
    run(session, "ruff", "check", "--fix-only", "--quiet")
    run(session, "ruff", "format")


@nox.session
def dev(session: nox.Session) -> None:
    """Make or refresh `.venv`, for an editor."""
    session.run(sys.executable, "tools/environment.py")


@nox.session
def serve(session: nox.Session) -> None:
    """Run this service on an embedded PostgreSQL; its data stays in `.allium`."""
    run(session, "python", "tools/serve.py", ".", "--data", ".allium", *session.posargs)


@nox.session
def lock(session: nox.Session) -> None:
    """Lock the dependencies anew; `-- --upgrade` takes the newest versions."""
    session.run(sys.executable, "tools/lock.py", *session.posargs)


@nox.session
def update(session: nox.Session) -> None:
    """Take the newest version of the template; arguments go to `copier update`."""
    run(session, "python", "tools/update.py", *session.posargs)
