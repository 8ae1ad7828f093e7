"""Several worker processes on one port, which end with their parent, even if it is killed."""

import signal
import socket
from multiprocessing import resource_tracker

from uvicorn import Config
from uvicorn.supervisors import Multiprocess

from .lifeline import Lifeline


class Workers(Multiprocess):
    """uvicorn's supervisor, which also tells its workers when all of them must stop."""

    def __init__(self, config: Config, sockets: list[socket.socket], lifeline: Lifeline) -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # inherited by multiprocessing's own process, which it would end
        resource_tracker.ensure_running()
        super().__init__(config, sockets)
        self._lifeline = lifeline

    def terminate_all(self) -> None:
        """Stop all workers, and leave the sockets to them until they have drained. Called by uvicorn."""
        self._lifeline.cut()
        super().terminate_all()
        for listening in self.sockets:
            listening.close()
