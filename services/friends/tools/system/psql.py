"""Open a shell on the database of a service: in the running system, or on a server started for it.

python -m system.psql --data DIR FOLDER [arguments of psql]
"""

import argparse
import sys
from pathlib import Path

from failures import PostgresUnavailable, SystemFailure
from invocation import command
from postgres.client import psql_command, psql_variables
from processes.foreground import run_in_foreground
from processes.stopping import Stopped, stop_on_signals
from system.database import as_service, ensure_database, server_on, without_pg_variables
from system.service_folder import read_services


def main() -> int:
    """Return the exit code of psql, or 1 after one line with the reason if there is no database."""
    arguments = parse_arguments()
    stop_on_signals()
    try:
        [service] = read_services([arguments.folder])
        psql = psql_command()
        with server_on(arguments.data, say=print) as server:
            ensure_database(service, server)
            variables = {**without_pg_variables(), **psql_variables(as_service(service, server))}
            return run_in_foreground([*psql, *arguments.arguments], env=variables)
    except Stopped:
        return 1
    except (PostgresUnavailable, SystemFailure) as error:
        print(error, file=sys.stderr, flush=True)
        return 1


def parse_arguments() -> argparse.Namespace:
    """Return `data`, `folder` and the `arguments` of psql."""
    parser = argparse.ArgumentParser(prog=command("psql"), description="Open a shell on the database of a service.")
    parser.add_argument("--data", type=Path, required=True, help=argparse.SUPPRESS)  # nox passes it
    parser.add_argument("folder", type=Path, metavar="FOLDER", help=argparse.SUPPRESS)  # nox passes it
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="for psql")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
