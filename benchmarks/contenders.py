"""Run the baselines as processes, each on the database of a service, in the environment of the benchmark."""

import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from processes.ports import HOST, free_ports
from processes.watchdog import Watchdog, last_lines
from system.running import System

HERE = Path(__file__).parent
BASELINES = HERE / "baselines"
PYTHON = HERE / ".venv/bin/python"
OPTIONS = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning")
START_SECONDS = 60
BOTH = ("users", "friends")
CONTENDERS: Mapping[str, tuple[str, ...]] = {
    "fastapi_asyncpg": BOTH,
    "raw_asgi": BOTH,
    "litestar_msgspec": BOTH,
    "blacksheep_asyncpg": BOTH,
    "fastapi_orm": BOTH,
    "fastapi_shared_checks": ("friends",),
    "naive_friendships": ("friends",),
}
"""Each baseline, and the services whose operations it has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """One process under load."""

    url: str
    pid: int


class ServerFailure(Exception):
    """A baseline did not start."""


def started_contenders(system: System, stack: ExitStack) -> dict[str, Server]:
    """Start each baseline on the database of each service whose operations it has; return them by `name/service`.

    Raises `ServerFailure`.
    """
    if not PYTHON.is_file():
        raise ServerFailure(f"{PYTHON} does not exist. Run `./noxw -s bench -- quick` once to install it.")
    upstream = {"USERS_SERVICE_URL": system.url("users")}
    watchdogs: list[Watchdog] = []
    stack.callback(_end, watchdogs)
    ports = free_ports()
    started: dict[str, tuple[int, subprocess.Popen[bytes], Path]] = {}
    for name, like in [(name, like) for name, services in CONTENDERS.items() for like in services]:
        watchdogs.append(Watchdog(patience=3))
        port, log = next(ports), system.logs / f"{name}-{like}.log"
        command: list[str | Path] = [
            PYTHON,
            "-m",
            "uvicorn",
            f"{name}:app",
            "--app-dir",
            BASELINES,
            "--port",
            str(port),
            *OPTIONS,
        ]
        environment = {**system.services[like].environment, **upstream, "PYTHONPATH": ""}
        started[f"{name}/{like}"] = port, watchdogs[-1].start(command, log=log, env=environment), log
    for port, process, log in started.values():
        _await_port(port, process, log)
    return {name: Server(url=f"http://{HOST}:{port}", pid=process.pid) for name, (port, process, _) in started.items()}


def _end(watchdogs: Sequence[Watchdog]) -> None:
    for watchdog in watchdogs:
        watchdog.let_go()
    for watchdog in watchdogs:
        watchdog.wait()


def _await_port(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            if time.monotonic() > end or process.poll() is not None:
                raise ServerFailure(f"A baseline did not start; its log {log} ends:\n{last_lines(log)}") from None
            time.sleep(0.05)
        else:
            return
