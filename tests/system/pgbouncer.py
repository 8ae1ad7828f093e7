"""PgBouncer in transaction mode between services and their database server, configured as in docs/scaling.md."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from postgres.account import account_for
from postgres.server import SHORT_FOLDER, PostgresServer
from processes.watchdog import Watchdog

PORT = 6432
FIRST_WITH_PREPARED_STATEMENTS = (1, 21)
CONNECT = "SET statement_timeout = 2000; SET lock_timeout = 1000; SET idle_in_transaction_session_timeout = 10000"
CONFIGURATION = """
[databases]
* = host={server} port=5432 connect_query='{connect}'

[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = {port}
auth_type = trust
auth_file = {folder}/roles.txt
pool_mode = transaction
default_pool_size = 2
max_prepared_statements = {prepared_statements}
ignore_startup_parameters = statement_timeout,lock_timeout,idle_in_transaction_session_timeout
query_wait_timeout = 2
server_login_retry = 1
"""


def pgbouncer_program() -> str | None:
    """Return the path of a PgBouncer that supports prepared statements in transaction mode; None if there is none."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        return None
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    numbers = tuple(map(int, re.findall(r"\d+", version)[:2]))
    return program if numbers >= FIRST_WITH_PREPARED_STATEMENTS else None


class PgBouncer:
    """A PgBouncer with two server connections per role for any number of clients."""

    def __init__(self, program: str, folder: Path, log: Path, watchdog: Watchdog) -> None:
        self.environment = {"POSTGRES_HOST": str(folder), "POSTGRES_PORT": str(PORT)}
        self._command: list[str | Path] = [program, folder / "pgbouncer.ini"]
        self._log = log
        self._watchdog = watchdog

    def start(self) -> None:
        """Start it, for the first time or again."""
        self._watchdog.start(self._command, log=self._log, **account_for(None).popen)

    def kill(self) -> None:
        """Kill it, as a failing machine would."""
        self._watchdog.kill()


@contextmanager
def pgbouncer(program: str, server: PostgresServer, log: Path, *, prepared_statements: int) -> Iterator[PgBouncer]:
    """Run PgBouncer in front of a server and yield it."""
    folder = account_for(None).new_folder(prefix="pgbouncer-", parent=SHORT_FOLDER)
    (folder / "roles.txt").write_text('"users" ""\n"friends" ""\n')
    values = {"server": server.socket_folder, "folder": folder, "port": PORT, "connect": CONNECT}
    (folder / "pgbouncer.ini").write_text(CONFIGURATION.format(prepared_statements=prepared_statements, **values))
    watchdog = Watchdog(patience=3, leftovers=[folder])
    try:
        running = PgBouncer(program, folder, log, watchdog)
        running.start()
        yield running
    finally:
        watchdog.let_go()
        watchdog.wait()
