"""Run uvicorn, configured for a service behind a proxy or load balancer."""

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

# By default Python looks for cycles after 700 new objects, which is every few requests. Nearly all objects are freed
# without it, but a cycle may hold a whole request: with 20,000, they took hundreds of megabytes.
GC_THRESHOLDS: Final = (2_000, 20, 20)

# uvicorn replaces a worker that does not respond, which it can only after its imports. On an overloaded CPU they may
# take longer than uvicorn's default of five seconds, every time. The parent does nothing else meanwhile.
WORKER_ANSWER_SECONDS: Final = 20

logger = logging.getLogger(__name__)


class ServiceConfig(uvicorn.Config):
    """Configures logging in worker processes before anything else, so that failures to start are logged, too."""

    def __init__(self, factory: str, settings: ChassisSettings, *, lifeline: Lifeline | None, **options: Any) -> None:
        self.settings = settings
        self.lifeline = lifeline
        http: Any = partial(HttpProtocol, limits=Limits.of(settings))
        super().__init__(factory, factory=True, http=http, log_config=None, access_log=False, **options)

    def configure_logging(self) -> None:
        """Configure logging. Called by uvicorn in each process before anything else."""
        super().configure_logging()
        configure_logging(self.settings)
        if not _is_debugged(self.settings):
            log_printed_lines()
        if multiprocessing.parent_process():
            _begin_worker()

    def load(self) -> None:
        """Load the application. Raises `SystemExit` after logging the error, which multiprocessing would print."""
        try:
            super().load()
        except Exception:
            logger.critical("cannot load the application", exc_info=True)
            raise SystemExit(STARTUP_FAILURE) from None
        # Objects created so far live as long as the process. Checking them for garbage again would delay requests.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)


class _Server(uvicorn.Server):
    """Also announces sockets that it did not create itself."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and log the URL. Called by uvicorn."""
        await super().startup(sockets)
        if sockets and isinstance(self.config, ServiceConfig):
            announce(self.config.settings, sockets)


def serve(factory: str, settings: ChassisSettings) -> None:
    """Run the application from `factory` (an import string) until SIGTERM or SIGINT.

    Raises `SystemExit` with uvicorn's code, 3, if it cannot be loaded, its lifespan fails or the port is in use.
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
        lifespan="on",  # with "auto", an application that fails before its lifespan begins would be served
    )
    warn_of_few_descriptors(settings)
    sockets = listening_sockets(settings)
    if config.lifeline:
        _run_workers(config, sockets, config.lifeline)
    else:
        outlive_signals()
        if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:  # otherwise `nohup` wants it ignored
            signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
        _Server(config).run(sockets)


def _run_workers(config: ServiceConfig, sockets: list[socket.socket], lifeline: Lifeline) -> None:
    from .workers import Workers  # noqa: PLC0415 - import it only if needed

    copy(config).load()  # reports an application that cannot be loaded once, not in each worker
    announce(config.settings, sockets)
    workers = Workers(config, sockets, lifeline)
    workers.run()
    if any(process.exitcode == STARTUP_FAILURE for process in workers.processes):
        raise SystemExit(STARTUP_FAILURE)


def _is_debugged(settings: ChassisSettings) -> bool:
    """Return whether it runs in a terminal in development, where `print` and `breakpoint` should work as usual."""
    streams = (sys.stdin, sys.stdout)
    return settings.environment == "development" and all(stream and stream.isatty() for stream in streams)


def _begin_worker() -> None:
    outlive_signals()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a terminal sends it to all processes; the parent handles it
    atexit.register(sys.stdin.close)  # uvicorn reopens it and leaves it open, which causes a warning at exit


def outlive_signals() -> None:
    """Ignore the signal that uvicorn raises again after a clean stop: it would end the process too early."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
