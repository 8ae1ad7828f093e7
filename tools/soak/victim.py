"""The attacked service: a process with its workers, its log in a pipe, and its own database."""

import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from failures import SystemFailure
from layout import ROOT
from postgres.server import postgres_environment
from processes.ports import free_ports

SERVICE: Final = ROOT / "services/users"
PACKAGE: Final = "users_service"
START_SECONDS: Final = 60
STOP_SECONDS: Final = 30


@dataclass
class Victim:
    """One running service."""

    process: subprocess.Popen[bytes]
    port: int
    reading: threading.Event
    """Clear this event to stop reading the log until it is set again."""

    def memory_mib(self) -> float:
        """Return the memory (MiB) of the process and its workers, counting shared pages once."""
        return sum(_proportional_kib(process) for process in _family(self.process.pid)) / 1024


@contextmanager
def running_victim(workers: int) -> Iterator[Victim]:
    """Run the service users, and remove everything at the end."""
    with postgres_environment() as postgres, tempfile.TemporaryDirectory() as folder:
        port = next(free_ports())
        variables = {
            "PYTHONPATH": f"src{os.pathsep}tools", "PORT": str(port), "WEB_CONCURRENCY": str(workers),
            "POSTGRES_DB": "soak", "LOG_LEVEL": "INFO", "FORWARDED_ALLOW_IPS": "127.0.0.1",
        }  # fmt: skip
        environment = os.environ | postgres | variables
        python = str(SERVICE / ".venv/bin/python")
        for command in (["postgres.create_database", "soak", postgres["POSTGRES_USER"]], [PACKAGE, "migrate"]):
            with (Path(folder) / "log").open("wb") as log:
                subprocess.run([python, "-m", *command], cwd=SERVICE, env=environment, check=True, stdout=log)
        command = [python, "-m", PACKAGE, "serve"]
        process = subprocess.Popen(command, cwd=SERVICE, env=environment, stdout=subprocess.PIPE)
        reading, started = threading.Event(), threading.Event()
        reading.set()
        threading.Thread(target=_read, args=(process.stdout, reading, started, workers), daemon=True).start()
        try:
            if not started.wait(START_SECONDS):
                raise SystemFailure("The service did not start.")
            yield Victim(process, port, reading)
        finally:
            reading.set()
            process.terminate()
            process.wait(STOP_SECONDS)


def _read(log: IO[bytes], reading: threading.Event, started: threading.Event, workers: int) -> None:
    for line in log:
        workers -= b"Application startup complete" in line
        if workers == 0:
            started.set()
        reading.wait()


def _family(parent: int) -> list[int]:
    with suppress(OSError):
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return [parent, *(process for child in children for process in _family(int(child)))]
    return []


def _proportional_kib(process: int) -> int:
    with suppress(OSError):
        found = re.search(r"^Pss:\s+(\d+) kB$", Path(f"/proc/{process}/smaps_rollup").read_text(), re.MULTILINE)
        return int(found[1]) if found else 0
    return 0
