"""Several worker processes on one port, which end when their parent ends, however it does."""

import signal
import socket
from multiprocessing import resource_tracker

from uvicorn import Config
from uvicorn.supervisors import Multiprocess

from .lifeline import Lifeline


class Workers(Multiprocess):
    """uvicorn's supervisor, which tells its workers whether only one of them ends or all do."""

    def __init__(self, config: Config, sockets: list[socket.socket], lifeline: Lifeline) -> None:
        signal.signal(
            signal.SIGHUP, signal.SIG_IGN
        )  # inherited by a process of multiprocessing's own, which it would end
        resource_tracker.ensure_running()
        super().__init__(config, sockets)
        self._lifeline = lifeline

    def terminate_all(self) -> None:
        """Called by uvicorn at the end; from then on only the workers hold the sockets, until they have drained."""
        self._lifeline.cut()
        super().terminate_all()
        for listening in self.sockets:
            listening.close()
