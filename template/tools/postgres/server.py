"""A private PostgreSQL server from the programs of a wheel: no Docker, no installation, no administrator.

It listens on a Unix socket, and on a TCP port only if it is given one. The port number is 5432, the superuser is
`postgres`, without a password; other accounts cannot enter the socket's folder.
"""

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from failures import PostgresUnavailable
from postgres.account import Account, account_for
from postgres.binaries import Binaries, find_binaries
from postgres.cluster import ensure_cluster
from postgres.named import PORT, reachable_named_server
from processes.watchdog import Watchdog, has_ended, last_lines

SHORT_FOLDER = Path("/tmp")  # noqa: S108  # for `mkdtemp`; the path of a socket can have about 103 bytes
MEMORY = Path("/dev/shm")  # noqa: S108  # as above
MEMORY_NEEDED = 2 * 1024**3  # bytes; a container has 64 MB by default
START_SECONDS = 60
STOP_SECONDS = 2  # a killed server recovers from its write-ahead log at the next start
PREVIOUS_STOP_SECONDS = 10
# For throw-away data.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0")
FAST_IO = ("io_method=sync",)  # no worker processes for reading ahead
FAST_IO_SINCE = 18


@contextlib.contextmanager
def postgres_server(
    data: Path | None = None, *, options: Sequence[str] = (), log: Path | None = None
) -> Iterator[Path]:
    """Run a server and yield the folder of its socket, to be used as host; raises `PostgresUnavailable`.

    `data`: a folder for durable data, created if missing; None: throw-away and fast. `options`: `name=value`.
    """
    with contextlib.closing(PostgresServer(data, options=options, log=log)) as server:
        server.start()
        yield server.socket_folder


@contextlib.contextmanager
def postgres_environment(data: Path | None = None, *, options: Sequence[str] = ()) -> Iterator[dict[str, str]]:
    """Yield POSTGRES_HOST, _PORT, _USER and _PASSWORD of the server that POSTGRES_HOST names, else of an own one.

    Raises `PostgresUnavailable`.
    """
    if named := reachable_named_server():
        yield named
    else:
        with postgres_server(data, options=options) as socket_folder:
            yield superuser_of(socket_folder)


def superuser_of(socket_folder: Path | str, port: int = PORT) -> dict[str, str]:
    """Return POSTGRES_* of the superuser of an own server, which ignores the password."""
    user = {"POSTGRES_USER": "postgres", "POSTGRES_PASSWORD": "postgres"}
    return {"POSTGRES_HOST": str(socket_folder), "POSTGRES_PORT": str(port), **user}


class PostgresServer:
    """A server that can be stopped, killed and started again; `close` ends it and removes temporary files."""

    def __init__(
        self,
        data: Path | None = None,
        *,
        options: Sequence[str] = (),
        log: Path | None = None,
        tcp_port: int | None = None,
    ) -> None:
        """`log`: the file to append the server's log to; None: a temporary one.

        `tcp_port`: a port of 127.0.0.1 to listen on, too; every account of this machine can then connect, as any role.
        """
        self._account = account_for(data)
        self._durable = data is not None
        self._options = tuple(options)
        self._listen = "127.0.0.1" if tcp_port else ""
        self.port = tcp_port or PORT
        self.socket_folder = self._account.new_folder(prefix="pg-", parent=SHORT_FOLDER)
        temporary = self.socket_folder if self._durable else _fast_folder(self._account)
        self._cluster = data.absolute() if data else temporary / "data"
        self.log = log or self.socket_folder / "log"
        self._watchdog = Watchdog(
            stop_signal=signal.SIGINT,  # "fast shutdown": disconnects clients instead of waiting for them
            patience=STOP_SECONDS,
            leftovers=[self.socket_folder, temporary],
        )
        self._binaries: Binaries | None = None

    @property
    def running(self) -> bool:
        """Whether the server process exists."""
        process = self._watchdog.process
        return process is not None and not has_ended(process)

    def start(self) -> None:
        """Start or restart the server and return when it accepts connections; raises `PostgresUnavailable`."""
        if self._binaries is None:
            self._binaries = find_binaries(self._account, copies=self.socket_folder)
            ensure_cluster(self._cluster, binaries=self._binaries, account=self._account, durable=self._durable)
        _await_end_of_previous(self._cluster)
        options = (f"listen_addresses={self._listen}", *self._settings(self._binaries.major))
        settings = [f"-c{option}" for option in options]
        command: list[str | Path] = [self._binaries.folder / "postgres", "-D", self._cluster, *settings]
        command += ["-k", self.socket_folder, "-p", str(self.port)]
        self._watchdog.start(command, log=self.log, **self._account.popen)
        self._await_ready()

    def stop(self) -> None:
        """Shut the server down in order; it can be started again."""
        self._watchdog.stop()

    def crash(self) -> None:
        """Stop the server without flushing, as a power failure does; it recovers at the next start."""
        self._watchdog.stop(signal.SIGQUIT)  # SIGKILL would leave its child processes and shared memory

    def close(self) -> None:
        """Stop the server and remove its temporary files."""
        self._watchdog.let_go()
        self._watchdog.wait()

    def _settings(self, major: int) -> tuple[str, ...]:
        if self._durable:
            return self._options
        return (*FAST, *(FAST_IO if major >= FAST_IO_SINCE else ()), *self._options)

    def _await_ready(self) -> None:
        end = time.monotonic() + START_SECONDS
        while not self._ready():
            if not self.running or time.monotonic() > end:
                self._watchdog.kill()
                raise PostgresUnavailable(f"PostgreSQL did not start; its log ends:\n{last_lines(self.log)}")
            time.sleep(0.01)

    def _ready(self) -> bool:
        """Read it from the server's status file, which needs no connection."""
        status = _status_of(self._cluster)
        process = self._watchdog.process
        return process is not None and status[:1] == [str(process.pid)] and status[7:] == ["ready"]


def _fast_folder(account: Account) -> Path:
    in_memory = MEMORY.is_mount() and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED
    return account.new_folder(prefix="pg-", parent=MEMORY if in_memory else SHORT_FOLDER)


def _status_of(cluster: Path) -> list[str]:
    with contextlib.suppress(FileNotFoundError):
        return [line.strip() for line in (cluster / "postmaster.pid").read_text().splitlines()]
    return []


def _await_end_of_previous(cluster: Path) -> None:
    """Wait for the server of a killed run, which may still be stopping."""
    end = time.monotonic() + PREVIOUS_STOP_SECONDS
    with contextlib.suppress(OSError, ValueError):
        while (status := _status_of(cluster)) and time.monotonic() < end:
            os.kill(int(status[0]), 0)
            time.sleep(0.1)
