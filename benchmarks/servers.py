"""Everything that is measured, running: the services as `serve` runs them, and the baselines, on one PostgreSQL."""

import http.client
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from postgres.server import superuser_of
from processes.ports import HOST, free_ports
from processes.watchdog import Watchdog, last_lines
from system.running import System, running_system
from system.service_process import ServiceProcess

ROOT = Path(__file__).parent.parent
BASELINES = Path(__file__).parent / "baselines"
START_SECONDS = 30
# As a production server has it: durable (fsync, synchronous_commit and full_page_writes stay on), on disk, with room.
DATABASE_OPTIONS = (
    "shared_buffers=512MB",
    "effective_cache_size=2GB",
    "max_wal_size=4GB",
    "max_connections=100",
    "autovacuum_naptime=10min",  # the tables are vacuumed once they are filled
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """One process under load."""

    url: str
    pid: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """All servers by name, and how to reach their databases as superuser."""

    servers: Mapping[str, Server]
    postgres: Mapping[str, str]


class ServerFailure(Exception):
    """A baseline did not start."""


@contextmanager
def running_servers() -> Iterator[Bench]:
    """Run the services and the baselines; leaves nothing behind."""
    with ExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="allium-bench-", ignore_cleanup_errors=True)
        home = Path(stack.enter_context(temporary))
        home.chmod(0o711)  # the account that runs PostgreSQL for root has to get through
        folders = [ROOT / "services/users", ROOT / "services/friends"]
        system = stack.enter_context(
            running_system(folders, data=home, ports="free", database_options=DATABASE_OPTIONS)
        )
        if system.database is None:
            raise ServerFailure("Unset POSTGRES_HOST: the benchmark needs a PostgreSQL of its own.")
        postgres = superuser_of(system.database.socket_folder)
        users, friends = system.services["users"], system.services["friends"]
        servers = {name: Server(url=service.url, pid=service.process.pid) for name, service in system.services.items()}
        servers["friends-uncached"] = _start_uncached(friends, system, postgres, stack)
        upstream = {"USERS_SERVICE_URL": users.url}
        for name, like in {"fastapi_asyncpg": users, "raw_asgi": users, "naive_friendships": friends}.items():
            servers[name] = _start_baseline(name, like, upstream, system.logs, stack)
        yield Bench(servers=servers, postgres=postgres)


def _start_uncached(friends: ServiceProcess, system: System, postgres: Mapping[str, str], stack: ExitStack) -> Server:
    """Run the friends service a second time, with its memory of known users turned off."""
    process = ServiceProcess(
        friends.service,
        port=next(free_ports()),
        log=system.logs / "friends-uncached.log",
        server=postgres,
        role=friends.service.database,
        addresses={"USERS_SERVICE_URL": system.url("users")},
    )
    stack.callback(process.wait)
    stack.callback(process.let_go)
    process.environment["USERS_EXISTENCE_TTL"] = "0"
    process.restart()
    return Server(url=process.url, pid=process.process.pid)


def _start_baseline(
    name: str, like: ServiceProcess, upstream: Mapping[str, str], logs: Path, stack: ExitStack
) -> Server:
    """Run a baseline with the interpreter, the database and the role of a service."""
    port, log, watchdog = next(free_ports()), logs / f"{name}.log", Watchdog(patience=3)
    stack.callback(watchdog.wait)
    stack.callback(watchdog.let_go)
    options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    command: list[str | Path] = ["-m", "uvicorn", f"{name}:app", "--app-dir", BASELINES, "--port", str(port), *options]
    process = watchdog.start([like.service.python, *command], log=log, env={**like.environment, **upstream})
    _await_port(port, process, log)
    return Server(url=f"http://{HOST}:{port}", pid=process.pid)


def _await_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            http.client.HTTPConnection(HOST, port, timeout=1).connect()
        except OSError:
            if time.monotonic() > end or process.poll() is not None:
                raise ServerFailure(f"A baseline did not start:\n{last_lines(log)}") from None
            time.sleep(0.05)
        else:
            return
