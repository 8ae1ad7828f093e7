"""The database server of a data folder, and the variables that lead to it."""

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
    """Return a server, not yet started, with its log in this folder and, if `kept`, its data."""
    log = home / "logs/postgres.log"
    log.write_bytes(b"")
    if not kept:
        return PostgresServer(options=options, log=log)
    wanted = home / "postgres"
    cluster = reachable_data_folder(wanted)
    if cluster != wanted:
        say(f"The databases are in {cluster}, because the account that runs PostgreSQL cannot enter {home}.")
    return PostgresServer(cluster, options=options, log=log, tcp_port=tcp_port)


@contextlib.contextmanager
def server_on(data: Path, *, say: Say) -> Iterator[dict[str, str]]:
    """Yield POSTGRES_* of the superuser of the named server, of a running system's, or of one started for this.

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
    """Return POSTGRES_* of the service itself: its database and, on an own server, its role."""
    role = server["POSTGRES_USER"] if named_server() else service.database
    return {**server, "POSTGRES_DB": service.database, "POSTGRES_USER": role}


def variables_for(services: Sequence[ServiceFolder], server: Mapping[str, str]) -> dict[str, str]:
    """Return POSTGRES_* of one service; for several, without database and role, which have the services' names."""
    if len(services) == 1:
        return as_service(services[0], server)
    return {name: value for name, value in server.items() if name != "POSTGRES_USER"}


def ensure_database(service: ServiceFolder, server: Mapping[str, str]) -> None:
    """Create the database and role of the service unless they exist; raises `SystemFailure`."""
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
    """Return this environment without PG*, which are drivers' defaults for another server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
