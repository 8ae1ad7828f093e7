"""Tasks for this service; `nox -l` lists them. All sessions share one environment, `.venv`."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import nox

nox.needs_version = ">=2026.4"
nox.options.default_venv_backend = "none"
nox.options.error_on_missing_interpreters = False  # in CI, too, `test-all` uses the installed ones
nox.options.sessions = ["lint", "typecheck", "test"]

BIN = Path(".venv/bin").absolute()
PATHS = {"PYTHONPATH": os.pathsep.join(["src", "tools"])}
DATA = ("--data", ".allium")
STOP_SECONDS = 10  # after Ctrl-C
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
# Required coverage of lines and branches, in percent.
COVERED = 95
COVERED_OF_CORE_AND_API = 100
COVERED_OF_CHASSIS = 97
CODE = ("src", "tests", "tools", "migrations")
TYPED = ("--exclude", "^tests/chassis/", *CODE)
CHASSIS_TESTS = ("-n", "3", "--dist", "worksteal", "tests/chassis")  # they wait more than they compute
SCHEMAS = {  # the answer `ci` decides which files a service has
    "compose.yml": "compose-spec",
    "compose.override.yml": "compose-spec",
    ".github/workflows/*.yml": "github-workflows",
    ".github/dependabot.yml": "dependabot",
    ".gitlab-ci.yml": "gitlab-ci",
    "renovate.json": "renovate",
}


def run(session: nox.Session, program: str, *arguments: str, env: Mapping[str, str] = PATHS) -> None:
    """Run a program of the environment, after updating it to requirements-dev.txt."""
    session.run(sys.executable, "-m", "dependencies.environment", env=PATHS, log=False)
    session.run(
        str(BIN / program),
        *arguments,
        env=dict(env),
        interrupt_timeout=STOP_SECONDS,
        terminate_timeout=STOP_SECONDS,
    )


def lint_deployment(session: nox.Session) -> None:
    """Check the files for containers, Kubernetes and CI, without network or cluster."""
    for pattern, schema in SCHEMAS.items():
        files = [str(path) for path in sorted(Path().glob(pattern))]
        if files:
            run(session, "check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files)
    run(session, "yamllint", "--strict", ".")
    if Path(".github").is_dir():
        run(session, "zizmor", "--offline", "--quiet", "--strict-collection", ".github")
    run(session, "hadolint", "Dockerfile")
    if Path("kubernetes").is_dir():
        run(session, "python", "-m", "kubernetes_files.check")


def run_chosen(session: nox.Session, usual: str) -> None:
    """Run pytest with the session's arguments, and with `usual` unless they contain a path."""
    names_a_path = any(Path(argument.partition("::")[0]).exists() for argument in session.posargs)
    run(session, "pytest", *session.posargs, *([] if names_a_path else [usual]))


def test_with_coverage(session: nox.Session, *arguments: str, least: Mapping[int, Sequence[str]]) -> None:
    """Run pytest with coverage, also in subprocesses, and require `least`: percent by files."""
    data = Path(".nox", "coverage", session.name).absolute()  # one per session, so that sessions can run in parallel
    data.mkdir(parents=True, exist_ok=True)
    env = {**PATHS, "COVERAGE_FILE": str(data / "data")}
    run(session, "coverage", "erase", env=env)
    run(session, "coverage", "run", "-m", "pytest", *arguments, env=env)
    run(session, "coverage", "combine", "--quiet", env=env)
    for percentage, files in least.items():
        report = ["coverage", "report", "--include", ",".join(files), "--fail-under", str(percentage)]
        run(session, *report, env=env)


def test_resolved(session: nox.Session, resolution: str) -> None:
    """Run the tests in a separate environment, resolved from pyproject.toml instead of the locks."""
    session.install("--resolution", resolution, "--requirement", "pyproject.toml", "--group", "dev")
    session.run("pytest", *session.posargs, env=PATHS)


@nox.session
def check(session: nox.Session) -> None:
    """Check style, imports and types, and test the core: a quick check without a database."""
    run(session, "ruff", "check")
    run(session, "ruff", "format", "--check")
    run(session, "lint-imports")
    run(session, "mypy", *TYPED)
    run(session, "pytest", "--quiet", "tests/core")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, imports, the files for containers and CI, locks, and that template-owned files are unchanged."""
    run(session, "python", "-m", "dependencies.lock", "--check")
    session.run("uv", "pip", "check", "--quiet", "--python", ".venv")
    run(session, "ruff", "check", *session.posargs)
    run(session, "ruff", "format", "--check")
    run(session, "lint-imports")
    lint_deployment(session)
    run(session, "python", "-m", "updates.drift")


@nox.session
def typecheck(session: nox.Session) -> None:
    """Check types strictly, except in the tests of the chassis, which the template checks."""
    run(session, "mypy", *(session.posargs or TYPED))


@nox.session
def test(session: nox.Session) -> None:
    """Test this service on an embedded PostgreSQL and check coverage; with arguments, run pytest with them."""
    if session.posargs:
        run_chosen(session, "--ignore=tests/chassis")
        return
    core_and_api = ["src/*_service/core/*", "src/*_service/api/*"]
    least = {COVERED: ["src/*_service/*"], COVERED_OF_CORE_AND_API: core_and_api}
    test_with_coverage(session, "--ignore=tests/chassis", least=least)


@nox.session
def chassis(session: nox.Session) -> None:
    """Test the chassis, which is the same in every service; passes arguments to pytest."""
    if session.posargs:
        run_chosen(session, "tests/chassis")
        return
    run(session, "pytest", "-m", "not thorough", *CHASSIS_TESTS)


@nox.session(name="chassis-coverage")
def chassis_coverage(session: nox.Session) -> None:
    """Test the chassis, thoroughly, and check coverage; takes more than twice as long."""
    test_with_coverage(session, *CHASSIS_TESTS, least={COVERED_OF_CHASSIS: ["src/chassis/*"]})


@nox.session(name="test-all", python=PYTHONS, venv_backend="uv", download_python="never")
def test_all(session: nox.Session) -> None:
    """Run the tests on each installed Python, in separate environments; passes arguments to pytest."""
    session.install("--require-hashes", "--requirement", "requirements-dev.txt")
    session.run("pytest", *session.posargs, env=PATHS)


@nox.session(venv_backend="uv")
def lowest(session: nox.Session) -> None:
    """Run the tests with the oldest dependencies that pyproject.toml allows; passes arguments to pytest."""
    test_resolved(session, "lowest-direct")


@nox.session(venv_backend="uv")
def newest(session: nox.Session) -> None:
    """Run the tests with the newest available dependencies; passes arguments to pytest."""
    test_resolved(session, "highest")


@nox.session
def audit(session: nox.Session) -> None:
    """Audit the workflows and the locked dependencies for vulnerabilities; passes arguments to `uv audit`."""
    if Path(".github").is_dir():
        run(session, "zizmor", "--quiet", "--strict-collection", ".github")
    session.run(sys.executable, "-m", "dependencies.audit", *session.posargs, env=PATHS)


@nox.session(name="format")
def format_code(session: nox.Session) -> None:
    """Format the code and apply safe fixes."""
    run(session, "ruff", "check", "--fix-only", "--quiet")
    run(session, "ruff", "format")


@nox.session
def dev(session: nox.Session) -> None:
    """Create or update `.venv`, for an editor."""
    session.run(sys.executable, "-m", "dependencies.environment", env=PATHS)


@nox.session
def serve(session: nox.Session) -> None:
    """Run this service with an embedded PostgreSQL, whose data stays in `.allium`; `-- --reload` watches the code."""
    run(session, "python", "-m", "system.serve", ".", *DATA, *session.posargs)


@nox.session
def db(session: nox.Session) -> None:
    """Run only PostgreSQL with the data of `serve`; `-- --port 5433` also allows TCP, for graphical clients."""
    run(session, "python", "-m", "system.database_alone", ".", *DATA, *session.posargs)


@nox.session
def psql(session: nox.Session) -> None:
    """Open psql on the database, whether the service is running or not; passes arguments to psql."""
    run(session, "python", "-m", "system.psql", *DATA, ".", *session.posargs)


@nox.session
def trace(session: nox.Session) -> None:
    """Show a request by its request or trace ID; without one, list the latest."""
    run(session, "python", "-m", "system.trace", *DATA, *session.posargs)


@nox.session
def migration(session: nox.Session) -> None:
    """Write a migration for changes of the models: `nox -s migration -- "add stars"`."""
    run(session, "python", "-m", "system.migration", *DATA, ".", *session.posargs)


@nox.session
def entity(session: nox.Session) -> None:
    """Generate an entity in every layer: `-- review --field text:str:500`; `-- --help` explains all options."""
    run(session, "python", "-m", "entity.command", *session.posargs)


@nox.session
def lock(session: nox.Session) -> None:
    """Lock the dependencies; `-- --upgrade` upgrades to the newest versions that are a week old."""
    session.run(sys.executable, "-m", "dependencies.lock", *session.posargs, env=PATHS)


@nox.session
def drift(session: nox.Session) -> None:
    """List template-owned files that have been changed, and fail if there are any; works offline."""
    run(session, "python", "-m", "updates.drift")


@nox.session
def update(session: nox.Session) -> None:
    """Update to the newest template; `-- --check` only checks for one; `-- -d port=8005` changes an answer."""
    session.run(sys.executable, "-m", "updates.unfinished", env=PATHS, log=False)  # first, since it may repair the rest
    run(session, "python", "-m", "updates.update", *session.posargs)
    if "--check" not in session.posargs:
        # These run with the dependencies of the new version.
        run(session, "python", "-m", "updates.code_migrations")
        run(session, "python", "-m", "updates.settings_table")


@nox.session(name="migrate-code")
def migrate_code(session: nox.Session) -> None:
    """Apply the template's code migrations to the service's own code, as `update` does; `-- --all` repeats all."""
    run(session, "python", "-m", "updates.code_migrations", *session.posargs)
