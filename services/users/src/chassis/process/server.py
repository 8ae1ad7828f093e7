"""uvicorn, set up for a service behind a proxy or a load balancer."""

import atexit
import gc
import logging
import multiprocessing
import signal
import socket
import sys
from copy import copy
from functools import partial
from typing import Any, Final

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from chassis.logs import configure_logging, log_printed_lines
from chassis.settings import ChassisSettings
from chassis.web.connections import Limits, accept_queue
from chassis.web.http_protocol import HttpProtocol

from .descriptors import warn_of_few_descriptors
from .lifeline import Lifeline
from .listening import announce, listening_sockets

# Python looks for cycles after every 700 new objects, which is every few requests; nearly all are freed without it.
# What is not may hold a whole request: at 20,000 that came to hundreds of megabytes.
GC_THRESHOLDS: Final = (2_000, 20, 20)

# A worker that does not answer is replaced, and it cannot answer before it has imported us. On a starved processor that
# may take longer than the five seconds of uvicorn, each time anew; on the other hand the parent does nothing meanwhile.
WORKER_ANSWER_SECONDS: Final = 20

logger = logging.getLogger(__name__)


class ServiceConfig(uvicorn.Config):
    """Makes worker processes log from their first moment as their parent does, also when they cannot start."""

    def __init__(self, factory: str, settings: ChassisSettings, *, lifeline: Lifeline | None, **options: Any) -> None:
        self.settings = settings
        self.lifeline = lifeline
        http: Any = partial(HttpProtocol, limits=Limits.of(settings))
        super().__init__(factory, factory=True, http=http, log_config=None, access_log=False, **options)

    def configure_logging(self) -> None:
        """Called by uvicorn in each process before anything else."""
        super().configure_logging()
        configure_logging(self.settings)
        if not _is_debugged(self.settings):
            log_printed_lines()
        if multiprocessing.parent_process():
            _begin_worker()

    def load(self) -> None:
        """Log what is wrong with the application; multiprocessing would print it."""
        try:
            super().load()
        except Exception:
            logger.critical("cannot load the application", exc_info=True)
            raise SystemExit(STARTUP_FAILURE) from None
        # What was made so far lives as long as the process; looking for garbage in it again and again pauses requests.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)


class _Server(uvicorn.Server):
    """Says where it listens also at sockets that it did not make itself."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Called by uvicorn."""
        await super().startup(sockets)
        if sockets and isinstance(self.config, ServiceConfig):
            announce(self.config.settings, sockets)


def serve(factory: str, settings: ChassisSettings) -> None:
    """Run the application that `factory` (an import string) makes, until SIGTERM or SIGINT; then return normally.

    Raises `SystemExit` with uvicorn's code, 3, if it cannot be loaded, fails in its lifespan or finds the port taken.
    """
    config = ServiceConfig(
        factory,
        settings,
        lifeline=Lifeline() if settings.web_concurrency > 1 else None,
        workers=settings.web_concurrency,
        ws="none",
        backlog=accept_queue(),
        server_header=False,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        timeout_keep_alive=settings.keep_alive_timeout,
        timeout_graceful_shutdown=settings.shutdown_timeout,
        timeout_worker_healthcheck=WORKER_ANSWER_SECONDS,
        lifespan="on",  # if left to be found out, an application that fails before its lifespan begins would serve
    )
    warn_of_few_descriptors(settings)
    sockets = listening_sockets(settings)
    if config.lifeline:
        _run_workers(config, sockets, config.lifeline)
    else:
        outlive_signals()
        if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:  # else `nohup` wants it ignored
            signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
        _Server(config).run(sockets)


def _run_workers(config: ServiceConfig, sockets: list[socket.socket], lifeline: Lifeline) -> None:
    from .workers import Workers  # noqa: PLC0415 - only those who need it wait for its import

    copy(config).load()  # each worker that cannot load the application would say so; thus it is said once
    announce(config.settings, sockets)
    workers = Workers(config, sockets, lifeline)
    workers.run()
    if any(process.exitcode == STARTUP_FAILURE for process in workers.processes):
        raise SystemExit(STARTUP_FAILURE)


def _is_debugged(settings: ChassisSettings) -> bool:
    """Whether a person may talk with the process: `print`, `input` and `breakpoint` are then as in any program."""
    streams = (sys.stdin, sys.stdout)
    return settings.environment == "development" and all(stream and stream.isatty() for stream in streams)


def _begin_worker() -> None:
    outlive_signals()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it comes to all of a terminal; the parent acts on it
    atexit.register(sys.stdin.close)  # uvicorn opens it anew and leaves it, which is a warning at the end


def outlive_signals() -> None:
    """After a clean stop uvicorn raises the signal once more, which would end the process before its last answers."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
