"""The database server of a folder with kept data, and what a program needs to know to use it."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from failures import SystemFailure
from postgres.cluster import reachable_data_folder
from postgres.named import named_server, reachable_named_server
from postgres.server import PostgresServer, superuser_of
from system.run_folder import run_folder, running_state, write_state
from system.service_folder import ServiceFolder

Say = Callable[[str], None]
TOOLS = Path(__file__).parents[1]


def new_server(
    home: Path, *, kept: bool, say: Say, options: Sequence[str] = (), tcp_port: int | None = None
) -> PostgresServer:
    """Return a server, not yet started, whose log is in this folder; its data as well, if it is kept."""
    log = home / "logs/postgres.log"
    log.write_bytes(b"")
    if not kept:
        return PostgresServer(options=options, log=log)
    wanted = home / "postgres"
    cluster = reachable_data_folder(wanted)
    if cluster != wanted:
        say(f"The databases are kept in {cluster}: the account that runs PostgreSQL may not enter {home}.")
    return PostgresServer(cluster, options=options, log=log, tcp_port=tcp_port)


@contextlib.contextmanager
def server_on(data: Path, *, say: Say) -> Iterator[dict[str, str]]:
    """Yield POSTGRES_* of the superuser: of the named server, that of a running system, or one started for this.

    Raises `SystemFailure` or `PostgresUnavailable`.
    """
    if named := reachable_named_server():
        yield named
    elif state := running_state(data):
        yield superuser_of(state["database"]["host"], state["database"]["port"])
    else:
        with run_folder(data) as home, contextlib.closing(new_server(home, kept=True, say=say)) as server:
            server.start()
            variables = superuser_of(server.socket_folder)
            write_state(home, {}, variables)
            yield variables


def as_service(service: ServiceFolder, server: Mapping[str, str]) -> dict[str, str]:
    """Return POSTGRES_* as the service itself has them: its database, and its role on a server of our own."""
    role = server["POSTGRES_USER"] if named_server() else service.database
    return {**server, "POSTGRES_DB": service.database, "POSTGRES_USER": role}


def variables_for(services: Sequence[ServiceFolder], server: Mapping[str, str]) -> dict[str, str]:
    """Return POSTGRES_* for one service; for several without database and role, which each names after itself."""
    if len(services) == 1:
        return as_service(services[0], server)
    return {name: value for name, value in server.items() if name != "POSTGRES_USER"}


def ensure_database(service: ServiceFolder, server: Mapping[str, str]) -> None:
    """Make the database of the service and its role unless they exist; raises `SystemFailure`."""
    role = as_service(service, server)["POSTGRES_USER"]
    done = subprocess.run(
        [sys.executable, "-m", "postgres.create_database", service.database, role],
        env={**without_pg_variables(), **server, "PYTHONPATH": str(TOOLS)},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemFailure(done.stderr.strip())


def without_pg_variables() -> dict[str, str]:
    """Return our environment without PG*: those are defaults of drivers, for a server that is not ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
