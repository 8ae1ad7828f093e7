"""A service as a process: its environment, its startup in steps, its end."""

import http.client
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from failures import SystemFailure
from processes.ports import HOST
from processes.watchdog import Watchdog, has_ended, how_it_ended, last_lines
from system.database import TOOLS, without_pg_variables
from system.log_lines import readable
from system.lost_migration import advice_on
from system.service_folder import ServiceFolder

READY_SECONDS = 60
STOP_SECONDS = 3
POLL_SECONDS = 0.02


class ServiceProcess:
    """A service that can be stopped, killed and started again on its port; `let_go` and `wait` end it."""

    def __init__(
        self,
        service: ServiceFolder,
        *,
        port: int,
        log: Path,
        server: Mapping[str, str],
        role: str,
        addresses: Mapping[str, str],
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        """`server`: POSTGRES_* of a role that can create databases; `role`: the service's own.

        `addresses`: environment variables with the addresses of other services. `say` gets warnings.
        """
        self.service = service
        self.port = port
        self.url = f"http://{HOST}:{port}"
        self.log = log
        self._server = {**without_pg_variables(), **server}
        self._role = role
        self._say = say
        self.environment = {
            **self._server,
            **addresses,
            "POSTGRES_DB": service.database,
            "POSTGRES_USER": role,
            "HOST": HOST,
            "PORT": str(port),
            "PYTHONPATH": "src",
        }
        self._watchdog = Watchdog(patience=STOP_SECONDS)
        log.write_bytes(b"")

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process that serves, or that of the current startup step."""
        if self._watchdog.process is None:
            raise SystemFailure(f"{self.service.name} was not started.")
        return self._watchdog.process

    def starting(self) -> Iterator[None]:
        """Create the database, migrate it and serve; yields while waiting. Raises `SystemFailure`."""
        create = ["-m", "postgres.create_database", self.service.database, self._role]
        yield from self._run("create its database", create, environment={**self._server, "PYTHONPATH": str(TOOLS)})
        yield from self._migrating()
        yield from self._serving()

    def stop(self) -> int:
        """Stop it as a container platform does, and return its exit code."""
        self._watchdog.stop()
        return self.process.returncode

    def kill(self) -> None:
        """Kill it and its workers."""
        self._watchdog.kill()

    def restart(self) -> None:
        """Stop it if it runs, start it on the same port and return when it is ready."""
        for _ in self.restarting(migrate=False):
            time.sleep(POLL_SECONDS)

    def restarting(self, *, migrate: bool) -> Iterator[None]:
        """Stop it if it runs, migrate its database if `migrate`, and serve; yields like `starting`."""
        self._watchdog.stop()
        if migrate:
            yield from self._migrating()
        yield from self._serving()

    def check(self) -> None:
        """Raise `SystemFailure` if it has ended."""
        if has_ended(self.process):
            raise self._failure(f"ended ({how_it_ended(self.process)})")

    def let_go(self) -> None:
        """Start to stop it; returns at once."""
        self._watchdog.let_go()

    def wait(self) -> None:
        """Wait until it has ended."""
        self._watchdog.wait()

    def _command(self, subcommand: str) -> list[str]:
        return ["-m", self.service.package, subcommand]

    def _start(self, arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        command = [str(self.service.python), *arguments]
        return self._watchdog.start(command, log=self.log, cwd=self.service.path, env=environment)

    def _run(self, step: str, arguments: Sequence[str], *, environment: Mapping[str, str]) -> Iterator[None]:
        process = self._start(arguments, environment)
        while not has_ended(process):
            yield
        if process.returncode != 0:
            raise self._failure(f"could not {step} ({how_it_ended(process)})")

    def _migrating(self) -> Iterator[None]:
        before = self.log.stat().st_size
        yield from self._run("migrate", self._command("migrate"), environment=self.environment)
        printed = self.log.read_bytes()[before:].decode(errors="replace")
        if advice := advice_on(printed, self.service, data=self.log.parents[1]):
            self._say(advice)

    def _serving(self) -> Iterator[None]:
        process = self._start(self._command("serve"), self.environment)
        end = time.monotonic() + READY_SECONDS
        while not is_ready(self.port):
            if has_ended(process):
                raise self._failure(f"ended before it was ready ({how_it_ended(process)})")
            if time.monotonic() > end:
                raise self._failure(f"was not ready within {READY_SECONDS} s")
            yield

    def _failure(self, what: str) -> SystemFailure:
        return SystemFailure(f"{self.service.name} {what}; its log {self.log} ends:\n{readable(last_lines(self.log))}")


def is_ready(port: int) -> bool:
    """Return whether the service on this port is ready."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2)  # not urllib, which may use a proxy
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
