"""A primary, a standby with every confirmed transaction, and an address that leads to one of them."""

import asyncio
import signal
from pathlib import Path
from typing import Self

import asyncpg
from callers import eventually
from databases import kill_nine
from forwarding import Forwarder, Streams

from postgres.account import account_for
from postgres.binaries import find_binaries
from postgres.named import PORT
from postgres.server import SHORT_FOLDER, PostgresServer, superuser_of
from processes.watchdog import Watchdog


class DatabasePair:
    """Two servers, and a port of this machine in front of them, as the operator's Service is."""

    def __init__(self, logs: Path) -> None:
        self._account = account_for(None)
        self.folder = self._account.new_folder(prefix="pair-", parent=SHORT_FOLDER)
        self._binaries = find_binaries(self._account, copies=self.folder).folder
        self._primary = PostgresServer(self.folder / "primary", log=logs / "primary.log")
        self._standby = Watchdog(patience=5, stop_signal=signal.SIGINT, leftovers=[self.folder])
        self._log = logs / "standby.log"
        self._address = Forwarder(self._connect)
        self._target = self._primary.socket_folder

    @property
    def superuser(self) -> dict[str, str]:
        """The POSTGRES_* variables of the superuser of the primary, without the address in front."""
        return superuser_of(self._target)

    async def __aenter__(self) -> Self:
        await self._address.__aenter__()
        self.environment = {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": str(self._address.port)}
        await asyncio.to_thread(self._primary.start)
        await asyncio.to_thread(self._copy)
        self.start_standby()
        # Not before there is a standby: until then no commit would be confirmed.
        await self.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        await self.execute("SELECT pg_reload_conf()")
        await self.replicates()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._address.__aexit__()
        if not self._primary.running:  # this removes the shared memory that the killed one left
            await asyncio.to_thread(self._primary.start)
        self._primary.close()
        self._standby.let_go()
        self._standby.wait()

    def start_standby(self) -> None:
        """Start it, for the first time or again."""
        command: list[str | Path] = [self._binaries / "postgres", "-D", self.folder / "standby"]
        command += ["-clisten_addresses=", "-k", self.folder]
        self._standby.start(command, log=self._log, **self._account.popen)

    def stop_standby(self) -> None:
        """Stop it; the primary then confirms nothing."""
        self._standby.stop()

    async def kill_primary(self) -> None:
        """Kill it and break its connections, as if its machine had failed."""
        await asyncio.to_thread(kill_nine, self._primary)
        await self._address.close_connections()

    def lead_to_standby(self) -> None:
        """Lead new connections to the standby, which serves reads."""
        self._target = self.folder

    async def promote(self) -> None:
        """Let the standby become the primary."""
        await self.execute("SELECT pg_promote()")

    async def replicates(self) -> None:
        """Wait until commits wait for the standby."""

        async def is_so() -> bool:
            return await self.execute("SELECT sync_state FROM pg_stat_replication") == "sync"

        await eventually(is_so)

    async def execute(self, statement: str) -> object:
        """Run a statement at the current target of the address, and return the first value of the result."""
        connection = await asyncpg.connect(host=str(self._target), port=PORT, user="postgres", database="postgres")
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    async def _connect(self) -> Streams:
        return await asyncio.open_unix_connection(self._target / f".s.PGSQL.{PORT}")

    def _copy(self) -> None:
        command: list[str | Path] = [self._binaries / "pg_basebackup", "-h", self._primary.socket_folder]
        command += ["-U", "postgres", "-D", self.folder / "standby", "-R", "-c", "fast", "-X", "stream"]
        done = self._account.run(command)
        assert done.returncode == 0, done.stdout
