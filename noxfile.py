"""The commands of this repository; `./noxw -l` lists them. Each service has its own noxfile."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

import nox

nox.needs_version = ">=2026.4"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "typecheck", "test", "drift", "template", "system"]

ROOT = Path(__file__).parent
BIN = ROOT / ".venv/bin"
SERVICES = sorted(path.parent.relative_to(ROOT) for path in ROOT.glob("services/*/.copier-answers.yml"))
ISSUER = ["--issuer", "accounts"] if Path("services/accounts") in SERVICES else []
DATA = ["--data", ".allium"]
STOP_SECONDS = 10
QUIET_SECONDS = 20
COMMAND = "./noxw -s {} --"
Run = tuple[Path, str]  # a service, and a session of its noxfile
Finished = subprocess.CompletedProcess[str]
CORES = min(max(os.cpu_count() or 1, 2), 4)  # more workers than this would mostly wait for the longest file of tests
COMPUTING = ("-n", str(CORES), "--dist", "loadfile")
WAITING = ("-n", str(CORES + 1), "--dist", "loadfile")  # for tests that wait about as long as they compute
TEMPLATE_TESTS = ("tests/template", "tests/delivery")
PLAIN_CODE = ("src/chassis", "tests/chassis", "tests/conformance", "tools")
SCHEMAS = {
    ".github/workflows/*.yml": "github-workflows",
    ".github/dependabot.yml": "dependabot",
    ".github/ISSUE_TEMPLATE/config.yml": "github-issue-config",
    ".github/ISSUE_TEMPLATE/[!c]*.yml": "github-issue-forms",  # all but config.yml
    "docker-compose.yml": "compose-spec",
}


def run(session: nox.Session, program: str, *arguments: str | Path, command: str = COMMAND) -> None:
    """Run a program of the repository's own environment, after updating that to requirements-dev.txt.

    `command`: what the user typed, with {} for the session; for the program's usage line and advice.
    """
    refresh_environment(session)
    typed = {} if program == "pytest" else {"ALLIUM_COMMAND": command}  # tests call the tools by themselves
    session.run(
        str(BIN / program),
        *map(str, arguments),
        env={"PYTHONPATH": os.pathsep.join(["tools", "template/tools"]), **typed},
        interrupt_timeout=STOP_SECONDS,
        terminate_timeout=STOP_SECONDS,
    )


def refresh_environment(session: nox.Session) -> None:
    """Update the environment of the current folder to its requirements-dev.txt."""
    tools = {"PYTHONPATH": str(ROOT / "template/tools")}
    session.run(sys.executable, "-m", "dependencies.environment", env=tools, log=False)


def in_each_service(session: nox.Session, name: str, *arguments: str, once: tuple[str, ...] = ()) -> None:
    """Run a session of every service's noxfile: all at once or, with arguments, which may be interactive, in turn.

    `once`: further sessions for the first service only, at the same time; ignored with arguments.
    """
    if arguments:
        for service in SERVICES:
            session.run(*_nox(service, name), "--", *arguments)
        return
    runs = [(service, name) for service in SERVICES] + [(SERVICES[0], each) for each in once]
    failed: dict[Run, str] = {}
    with ThreadPoolExecutor(len(runs)) as pool:
        pending = {pool.submit(_run, _nox(*run)): run for run in runs}
        for (service, each), done in _finished(session, pending):
            if done.returncode:
                session.warn(f"{each} in {service} failed; its output is below that of the others")
                failed[service, each] = done.stdout
            else:
                _show(done.stdout)
    for output in failed.values():
        _show(output)
    if failed:
        again = "\n".join(f"./noxw -f {service}/noxfile.py -s {each}" for service, each in failed)
        session.error(f"{' and '.join(f'{each} in {service}' for service, each in failed)} failed; alone:\n{again}")


def _finished(session: nox.Session, pending: dict[Future[Finished], Run]) -> Iterator[tuple[Run, Finished]]:
    """Yield each run and the finished process when it has ended; log every 20 seconds what is still running."""
    started = time.monotonic()
    while pending:
        done, _ = wait(pending, timeout=QUIET_SECONDS, return_when=FIRST_COMPLETED)
        yield from ((pending.pop(each), each.result()) for each in done)
        if pending:
            left = ", ".join(f"{name} in {service}" for service, name in pending.values())
            session.log(f"{time.monotonic() - started:.0f} s; still running: {left}")


def in_named_services(session: nox.Session, name: str) -> bool:
    """Run a session only in the services whose paths are among the arguments; return False if there are none.

    Each service gets its own paths and all arguments that are not paths of services.
    """
    arguments = [argument.removeprefix(f"{ROOT}/").removeprefix("./") for argument in session.posargs]
    refuse_missing_paths(session, arguments)
    paths = {service: [each for each in arguments if Path(each).is_relative_to(service)] for service in SERVICES}
    others = [each for each in arguments if not any(each in own for own in paths.values())]
    for service, own in paths.items():
        if own:
            inside = [each.removeprefix(f"{service}/") for each in own if Path(each) != service]
            session.run(*_nox(service, name), "--", *inside, *others)
    return any(paths.values())


def refuse_missing_paths(session: nox.Session, arguments: Sequence[str]) -> None:
    """Stop if an argument is a path below services/ or tests/ that no service has."""
    for argument in arguments:
        path = Path(argument.partition("::")[0])
        if path.parts[:1] == ("services",):
            require_service(session, "/".join(path.parts[1:2]))
            if not path.exists():
                session.error(f"{path} does not exist")
        if path.parts[:1] == ("tests",) and not any((service / path).exists() for service in SERVICES):
            own = "template" if str(path).startswith(TEMPLATE_TESTS) else "system"
            here = f"; ./noxw -s {own} -- {path} runs it" if path.exists() else ""
            session.error(f"no service has {path}{here}")


def require_service(session: nox.Session, name: str) -> None:
    """Stop if there is no service of this name."""
    if Path("services", name) not in SERVICES:
        session.error(f"there is no service {name}; there are {', '.join(service.name for service in SERVICES)}")


def first_service(session: nox.Session) -> tuple[Path, list[str]]:
    """Return the service that the first argument names, and the remaining arguments."""
    named = {service.name: service for service in SERVICES}
    name, *arguments = session.posargs or [""]
    if name and not name.startswith("-"):
        require_service(session, name)
    if name not in named:
        session.error(f"name a service first, such as: ./noxw -s {session.name} -- {next(iter(named))}")
    return named[name], arguments


def in_template(session: nox.Session, program: str, *arguments: str) -> None:
    """Run a program on the plain code in the template, with the first service's environment and configuration."""
    service = ROOT / SERVICES[0]
    with session.chdir(service):
        refresh_environment(session)
    with session.chdir("template"):
        config = ["--config-file" if program == "mypy" else "--config", str(service / "pyproject.toml")]
        command = [str(service / ".venv/bin" / program), *arguments, *config, *PLAIN_CODE]
        session.run(*command, env={"PYTHONPATH": os.pathsep.join(["src", "tools"])})


def _nox(service: Path, name: str) -> list[str]:
    return [sys.executable, "-m", "nox", "-f", str(service / "noxfile.py"), "-s", name]


def _run(command: list[str]) -> Finished:
    """Run a program and keep its output, so that the lines of several programs do not mix."""
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def _show(output: str) -> None:
    sys.stdout.write(output)
    sys.stdout.flush()


def refresh_environments(session: nox.Session) -> None:
    """Update the environment of every service; its processes run in it."""
    for service in SERVICES:
        with session.chdir(service):
            refresh_environment(session)


def refresh_contenders(session: nox.Session) -> None:
    """Bring the environment of the servers that the benchmark compares the services with up to date."""
    with session.chdir("benchmarks"):
        refresh_environment(session)


@nox.session
def check(session: nox.Session) -> None:
    """Run the quick checks: style here, and style, imports, types and tests of the core in each service."""
    run(session, "ruff", "check")
    run(session, "ruff", "format", "--check")
    in_each_service(session, "check")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, locks, kubernetes/ and workflows here, and style, import contracts and locks of each service."""
    run(session, "python", "-m", "template.lock_all", "--check")
    run(session, "ruff", "check")
    run(session, "ruff", "format", "--check")
    in_template(session, "ruff", "check", "--no-cache")
    in_template(session, "ruff", "format", "--check", "--no-cache")
    run(session, "yamllint", "--strict", ".")
    for pattern, schema in SCHEMAS.items():
        run(session, "check-jsonschema", "--builtin-schema", f"vendor.{schema}", *sorted(ROOT.glob(pattern)))
    run(session, "python", "-m", "kubernetes_system.check")
    run(session, "zizmor", "--offline", "--quiet", "--strict-collection", ".github", ".pre-commit-config.yaml")
    in_each_service(session, "lint")


@nox.session
def typecheck(session: nox.Session) -> None:
    """Check types strictly, here and in each service."""
    run(session, "mypy", "noxfile.py", "template/noxfile.py", "tools", *Path("benchmarks").glob("*.py"))
    for folder in sorted(path for path in Path("tests").iterdir() if path.is_dir()):
        run(session, "mypy", folder)  # one at a time, because each has a conftest
    in_template(session, "mypy", "--cache-dir", "../.mypy_cache/template")
    in_each_service(session, "typecheck")


@nox.session
def test(session: nox.Session) -> None:
    """Test each service, and the chassis once; arguments go to pytest, paths of a service only to that service."""
    if in_named_services(session, "test"):
        return
    in_each_service(session, "test", *session.posargs, once=("chassis",))


@nox.session
def chassis(session: nox.Session) -> None:
    """Test only the chassis, in the first service; arguments go to pytest."""
    session.run(*_nox(SERVICES[0], "chassis"), *(["--", *session.posargs] if session.posargs else []))


@nox.session(name="test-all")
def test_all(session: nox.Session) -> None:
    """Test each service under each installed Python from 3.11 to 3.14; arguments go to pytest."""
    in_each_service(session, "test-all", *session.posargs)


@nox.session
def lowest(session: nox.Session) -> None:
    """Test each service with the oldest dependencies that it allows; arguments go to pytest."""
    in_each_service(session, "lowest", *session.posargs)


@nox.session
def newest(session: nox.Session) -> None:
    """Test each service with the newest dependencies; arguments go to pytest."""
    in_each_service(session, "newest", *session.posargs)


@nox.session
def audit(session: nox.Session) -> None:
    """Audit workflows, and locked packages for known vulnerabilities; arguments go to `uv audit`."""
    run(session, "zizmor", "--quiet", "--strict-collection", ".github")
    run(session, "python", "-m", "dependencies.audit", *session.posargs)
    with session.chdir("benchmarks"):  # a lock of its own, with other versions of what only tools need here
        tools = {"PYTHONPATH": str(ROOT / "template/tools")}
        session.run(str(BIN / "python"), "-m", "dependencies.audit", *session.posargs, env=tools)
    in_each_service(session, "audit", *session.posargs)


@nox.session(name="format")
def format_code(session: nox.Session) -> None:
    """Format the code and apply safe fixes, here and in each service; in the template only format."""
    run(session, "ruff", "check", "--fix-only", "--quiet")
    run(session, "ruff", "format", ".", "template")  # excluded unless it is named
    in_each_service(session, "format")


@nox.session
def drift(session: nox.Session) -> None:
    """List files of services that differ from the template, and gateway routes that differ from the services."""
    run(session, "python", "-m", "template.scaffold", "drift")
    refresh_environments(session)
    run(session, "python", "-m", "gateway.write", "--check")


@nox.session
def template(session: nox.Session) -> None:
    """Test the template: services for many answers, updates, CI files, guards; arguments go to pytest."""
    run(session, "pytest", *(session.posargs or [*COMPUTING, "-m", "not thorough", *TEMPLATE_TESTS]))


@nox.session
def system(session: nox.Session) -> None:
    """Test all services together over HTTP, the tools and the documents; arguments go to pytest."""
    refresh_environments(session)
    in_docs = ("test_site", "test_tutorial", "test_recipes")  # these are in the session docs-test
    elsewhere = [f"--ignore=tests/docs/{name}.py" for name in in_docs]
    tests = ["tests/tools", "tests/system", "tests/docs", *elsewhere]
    run(session, "pytest", *(session.posargs or [*WAITING, "-m", "not thorough", *tests]))


@nox.session
def thorough(session: nox.Session) -> None:
    """Run the tests that take long, and check what the chassis's tests cover; takes 15 minutes."""
    refresh_environments(session)
    refresh_contenders(session)
    tests = [*TEMPLATE_TESTS, "tests/tools", "tests/system"]
    run(session, "pytest", *(session.posargs or [*COMPUTING, "-m", "thorough", *tests]))
    session.run(*_nox(SERVICES[0], "chassis-coverage"))


@nox.session
def rollout(session: nox.Session) -> None:
    """Update, kill and freeze replicas under load, and let their database fail over; takes six minutes."""
    refresh_environments(session)
    run(session, "pytest", *(session.posargs or ["tests/rollout"]))


@nox.session
def mutate(session: nox.Session) -> None:
    """Mutation testing: change the code in one place at a time and see if a test fails; `-- --help` lists options."""
    refresh_environments(session)
    run(session, "python", "-m", "mutation.mutate", *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Attack a service in many ways and report what other clients notice; takes six minutes."""
    refresh_environments(session)
    run(session, "python", "-m", "soak.soak", *session.posargs)


@nox.session
def serve(session: nox.Session) -> None:
    """Run all services behind the gateway, on an embedded PostgreSQL, until Ctrl-C; `-- --help` lists options."""
    refresh_environments(session)
    options = ["--with-parent", "--gateway", "gateway", *ISSUER, *DATA, *session.posargs]
    run(session, "python", "-m", "system.serve", *SERVICES, *options)


@nox.session
def db(session: nox.Session) -> None:
    """Run only PostgreSQL, on the data of `serve`; `-- --port 5433` also listens on TCP."""
    run(session, "python", "-m", "system.database_alone", *SERVICES, *DATA, *session.posargs)


@nox.session
def psql(session: nox.Session) -> None:
    """Open a shell on a service's database, running or not: `./noxw -s psql -- users`; other arguments go to psql."""
    service, arguments = first_service(session)
    run(session, "python", "-m", "system.psql", *DATA, service, *arguments, command=f"{COMMAND} {service.name}")


@nox.session
def trace(session: nox.Session) -> None:
    """Show the trace of a request through all services, by request or trace id; without an id, list the latest."""
    run(session, "python", "-m", "system.trace", *DATA, *session.posargs)


@nox.session
def migration(session: nox.Session) -> None:
    """Write a migration for the changes of the models: `./noxw -s migration -- users "add stars"`."""
    service, arguments = first_service(session)
    with session.chdir(service):
        refresh_environment(session)
    run(session, "python", "-m", "system.migration", *DATA, service, *arguments, command=f"{COMMAND} {service.name}")


@nox.session
def demo(session: nox.Session) -> None:
    """Walk through the API of the running system, or of one started for this."""
    refresh_environments(session)
    run(session, "python", "-m", "docs.demo", *session.posargs)


@nox.session
def new(session: nox.Session) -> None:
    """Generate a service: `./noxw -s new -- orders --port 8004`; `-- --help` lists its options."""
    run(session, "python", "-m", "template.scaffold", "new", *session.posargs)


@nox.session
def entity(session: nox.Session) -> None:
    """Add an entity to a service: `-- orders review --field text:str:500`; `-- --help` lists the options."""
    name, *arguments = session.posargs or [""]
    if name in {"-h", "--help"}:
        session.run(*_nox(SERVICES[0], "entity"), "--", name, env={"ALLIUM_COMMAND": f"{COMMAND} SERVICE"})
    elif Path("services", name) in SERVICES:
        typed = {"ALLIUM_COMMAND": f"{COMMAND} {name}"}
        session.run(*_nox(Path("services", name), "entity"), "--", *arguments, env=typed)
    else:
        services = ", ".join(service.name for service in SERVICES)
        session.error(
            f"name a service first: ./noxw -s entity -- orders review --field stars:int; there are {services}"
        )


@nox.session
def sync(session: nox.Session) -> None:
    """Update the services from template/: owned files, code migrations, and the gateway's routes."""
    run(session, "python", "-m", "template.scaffold", "sync")
    migrate_code(session)
    run(session, "python", "-m", "gateway.write")


@nox.session
def update(session: nox.Session) -> None:
    """Run `sync` on a clean tree; with arguments such as `-d ci=github`, then give every service that answer."""
    refuse_changes(session, "commit or remove what `git status` lists first")
    # What was synchronised before it was committed is recorded as one commit too old; Copier could find conflicts.
    run(session, "python", "-m", "template.scaffold", "sync", "--anchor")
    migrate_code(session)
    if not session.posargs:
        return
    refuse_changes(session, "the services were synchronised; commit that, and run this again")
    for service in SERVICES:
        with session.chdir(service):
            update = ["-m", "updates.update", "--vcs-ref", "HEAD", *session.posargs]
            session.run(str(BIN / "python"), *update, env={"PYTHONPATH": "tools", "ALLIUM_COMMAND": COMMAND})
    # With the first service changed, Copier records for the second a commit that nobody has; sync records the real one.
    run(session, "python", "-m", "template.scaffold", "sync", "--anchor")


def migrate_code(session: nox.Session) -> None:
    """Apply the code migrations that were not yet applied to each service's own code."""
    refresh_environments(session)
    for service in SERVICES:
        with session.chdir(service):
            python = str(ROOT / service / ".venv/bin/python")
            session.run(python, "-m", "updates.code_migrations", env={"PYTHONPATH": "tools"}, log=False)


def refuse_changes(session: nox.Session, instead: str) -> None:
    """Stop with the message `instead` if the working tree has uncommitted changes."""
    if session.run("git", "status", "--porcelain", silent=True, log=False):
        session.error(instead)


@nox.session
def lock(session: nox.Session) -> None:
    """Lock all dependencies again; `-- --upgrade` takes the newest versions that are at least a week old."""
    run(session, "python", "-m", "template.lock_all", *session.posargs)


@nox.session
def images(session: nox.Session) -> None:
    """Build the images, test them and the running containers, and tear down; needs Docker; arguments go to pytest."""
    run(session, "python", "-m", "containers.images", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site of the documents; `-- --open` opens it, `-- external` checks links, `-- picture` draws."""
    if session.posargs == ["picture"]:
        run(session, "python", "-m", "docs.record_demo")
        run(session, "python", "-m", "docs.photograph_swagger")
        run(session, "python", "-m", "docs.badges")
        return
    build_site(session, *session.posargs)


@nox.session(name="docs-test")
def docs_test(session: nox.Session) -> None:
    """Test the documents: build the site, and do what tutorial and recipes say; arguments go to pytest."""
    build_site(session)
    run(session, "pytest", *(session.posargs or ["tests/docs"]))


def build_site(session: nox.Session, *arguments: str) -> None:
    """Bring the environment of Sphinx up to date and build the site."""
    with session.chdir("docs"):
        refresh_environment(session)
    run(session, "python", "-m", "docs.build_site", *arguments)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure and write benchmarks/results; `-- quick` writes nothing; `-- growth`: 10^7 rows; `-- scaling`."""
    refresh_environments(session)
    refresh_contenders(session)
    script, arguments = "run.py", session.posargs
    if arguments and arguments[0] in {"growth", "scaling"}:
        script, *arguments = f"{arguments[0]}.py", *arguments[1:]
    run(session, "python", f"benchmarks/{script}", *arguments)
