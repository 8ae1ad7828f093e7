"""Write a migration: the changes of the models since the last one.

python -m system.migration --data DIR FOLDER "add stars" [--empty]
"""

import argparse
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from failures import PostgresUnavailable, SystemFailure
from invocation import command
from processes.stopping import Stopped, stop_on_signals
from system.database import as_service, ensure_database, server_on, without_pg_variables
from system.log_lines import readable
from system.lost_migration import advice_on
from system.service_folder import ServiceFolder, read_services

VERSIONS = "migrations/versions"


def main() -> int:
    """Return 0 if a migration was written or none is needed, 1 after printing why it cannot be written."""
    arguments = parse_arguments()
    stop_on_signals()
    try:
        [service] = read_services([arguments.folder])
        with server_on(arguments.data, say=print) as server:
            ensure_database(service, server)
            environment = {**without_pg_variables(), **as_service(service, server), "PYTHONPATH": "src"}
            migrate(service, arguments.data, environment)
            new = write_migration(service, arguments.message, empty=arguments.empty, environment=environment)
    except Stopped:
        return 1
    except (PostgresUnavailable, SystemFailure) as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    if new:
        print(f"{shown(new)} was written. Review it; `serve` applies it.")
    else:
        print("Nothing to migrate: models and migrations match. `--empty` writes an empty migration.")
    return 0


def migrate(service: ServiceFolder, data: Path, environment: Mapping[str, str]) -> None:
    """Bring the database to the newest migration; raises `SystemFailure`."""
    output = run(service, service.package, "migrate", environment=environment)
    if advice := advice_on(output, service, data):
        raise SystemFailure(advice)


def write_migration(
    service: ServiceFolder, message: str, *, empty: bool, environment: Mapping[str, str]
) -> Path | None:
    """Write the new file and return it; None without changes. Raises `SystemFailure`."""
    before = {file: file.read_bytes() for file in (service.path / VERSIONS).glob("*.py")}
    kind = [] if empty else ["--autogenerate"]
    try:
        run(service, "alembic", "revision", *kind, "-m", message, environment=environment)
    finally:  # Alembic overwrites a file of the same minute and message, even if it fails afterwards
        changed = [file for file, content in before.items() if file.read_bytes() != content]
        for file in changed:
            file.write_bytes(before[file])
    if changed:
        raise SystemFailure(f"{shown(changed[0])} already exists. Choose another message.")
    return next((file for file in (service.path / VERSIONS).glob("*.py") if file not in before), None)


def run(service: ServiceFolder, module: str, *arguments: str, environment: Mapping[str, str]) -> str:
    """Run a module with the service's Python and return its output; raises `SystemFailure` with it if it fails."""
    done = subprocess.run(
        [service.python, "-m", module, *arguments],
        cwd=service.path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemFailure(f"`{module} {arguments[0]}` failed:\n{readable(done.stdout)}")
    return done.stdout


def shown(file: Path) -> Path:
    """Return the path relative to the current folder, if it is below it."""
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file


def parse_arguments() -> argparse.Namespace:
    """Return `data`, `folder`, `message` and `empty`."""
    description = "Write a migration for the changes of the models."
    parser = argparse.ArgumentParser(prog=command("migration"), description=description)
    parser.add_argument("--data", type=Path, required=True, help=argparse.SUPPRESS)  # nox passes it
    parser.add_argument("folder", type=Path, metavar="FOLDER", help=argparse.SUPPRESS)  # nox passes it
    parser.add_argument("message", help='what the migration does, such as "add stars"')
    parser.add_argument("--empty", action="store_true", help="write an empty one, to fill in by hand")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
