"""Run only PostgreSQL, on the data of `serve`, until Ctrl-C.

python -m system.database_alone FOLDER... --data DIR [--port 5433]
"""

import argparse
import contextlib
import os
import sys
import time
from pathlib import Path

from failures import PostgresUnavailable, SystemFailure
from invocation import command
from postgres.named import LAST_PORT, named_server
from postgres.server import PostgresServer, superuser_of
from processes.ports import HOST, free_ports, require_ports
from processes.stopping import INTERRUPTED, Stopped, stop_on_signals
from system.database import ensure_database, new_server, variables_for
from system.run_folder import DATABASE_VARIABLES, run_folder, write_database_variables, write_state
from system.service_folder import read_services

POLL_SECONDS = 0.2
UNPRIVILEGED = 1024


def main() -> int:
    """Return 0 if stopped while the server runs, 130 if before, 1 after one line with the reason if it cannot run."""
    arguments = parse_arguments()
    stop_on_signals()
    try:
        return run(arguments)
    except Stopped:
        print("Stopped.", flush=True)
        return INTERRUPTED
    except (PostgresUnavailable, SystemFailure) as error:
        print(error, file=sys.stderr, flush=True)
        return 1


def run(arguments: argparse.Namespace) -> int:
    """Run the server until it is stopped, or until its parent ends; return 0.

    Raises `Stopped` before it runs, and `SystemFailure` or `PostgresUnavailable`.
    """
    parent = os.getppid()
    if named_server():
        raise SystemFailure("POSTGRES_HOST already names a server. Unset it to run one here.")
    services = read_services(arguments.folders)
    if arguments.port:
        another = f"choose another, such as: `{command('db')} --port {next(free_ports())}`"
        require_ports({"PostgreSQL": arguments.port}, otherwise=another)
    with run_folder(arguments.data) as home:
        server = new_server(home, kept=True, say=print, tcp_port=arguments.port)
        with contextlib.closing(server):
            server.start()
            superuser = superuser_of(server.socket_folder, server.port)
            for service in services:
                ensure_database(service, superuser)
            variables = variables_for(services, superuser)
            write_state(home, {}, superuser)
            write_database_variables(home, variables)
            tell(variables, file=home / DATABASE_VARIABLES, tcp_port=arguments.port)
            try:
                wait_for_end(server, parent)
            except Stopped:
                print("Stopped.", flush=True)
            return 0


def wait_for_end(server: PostgresServer, parent: int) -> None:
    """Return when the parent process has ended; raises `SystemFailure` if the server has."""
    while server.running:
        if os.getppid() != parent:
            return
        time.sleep(POLL_SECONDS)
    raise SystemFailure(f"PostgreSQL has ended; see its log {server.log}.")


def tell(variables: dict[str, str], *, file: Path, tcp_port: int | None) -> None:
    """Print how to connect."""
    for name, value in variables.items():
        print(f"{name}={value}")
    if "POSTGRES_DB" not in variables:
        print("Each service has its own database and role, named after it.")
    if tcp_port:
        print(
            f"It also listens on {HOST}:{tcp_port}: every account of this machine can connect there, "
            "as any role (`postgres` is the superuser) and without a password."
        )
    print(f"These variables are also in {file}. Ctrl-C stops the server.", flush=True)


def port(text: str) -> int:
    """Return the port; raises `ArgumentTypeError`. PostgreSQL cannot use lower ports, since it does not run as root."""
    if not (text.isdecimal() and UNPRIVILEGED <= int(text) <= LAST_PORT):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from {UNPRIVILEGED} to {LAST_PORT}")
    return int(text)


def parse_arguments() -> argparse.Namespace:
    """Return `folders`, `data` and `port`."""
    parser = argparse.ArgumentParser(prog=command("db"), description="Run only PostgreSQL, until Ctrl-C.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help=argparse.SUPPRESS)  # nox passes it
    parser.add_argument("--data", type=Path, required=True, help=argparse.SUPPRESS)  # nox passes it
    parser.add_argument("--port", type=port, help="also listen on this TCP port of 127.0.0.1, for graphical clients")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
