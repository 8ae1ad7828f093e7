"""uvicorn, set up for a service behind a proxy or a load balancer."""

import gc
import logging
import signal
from copy import copy
from functools import partial
from typing import Any, Final

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from chassis.logs import configure_logging, log_printed_lines
from chassis.settings import ChassisSettings
from chassis.web.connections import Limits
from chassis.web.http_protocol import HttpProtocol

# Python looks for cycles after every 700 new objects, which is every few requests; nearly all are freed without it.
# What is not may hold a whole request: at 20,000 that came to hundreds of megabytes.
GC_THRESHOLDS: Final = (2_000, 20, 20)

# A worker that does not answer is replaced, and it cannot answer before it has imported us. On a starved processor that
# may take longer than the five seconds of uvicorn, each time anew; on the other hand the parent does nothing meanwhile.
WORKER_ANSWER_SECONDS: Final = 20

logger = logging.getLogger(__name__)


class _Config(uvicorn.Config):
    """Makes worker processes log from their first moment as their parent does, also when they cannot start."""

    def __init__(self, factory: str, settings: ChassisSettings, **options: Any) -> None:
        self.settings = settings
        http: Any = partial(HttpProtocol, limits=Limits.of(settings))
        super().__init__(factory, factory=True, http=http, log_config=None, access_log=False, **options)

    def configure_logging(self) -> None:
        """Called by uvicorn in each process before anything else."""
        super().configure_logging()
        configure_logging(self.settings)
        log_printed_lines()

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


def serve(factory: str, settings: ChassisSettings) -> None:
    """Run the application that `factory` (an import string) makes, until SIGTERM or SIGINT; then return normally.

    Raises `SystemExit` with uvicorn's code, 3, if it cannot be loaded, fails in its lifespan or finds the port taken.
    """
    config = _Config(
        factory,
        settings,
        host=settings.host,
        port=settings.port,
        workers=settings.web_concurrency,
        ws="none",
        server_header=False,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        timeout_keep_alive=settings.keep_alive_timeout,
        timeout_graceful_shutdown=settings.shutdown_timeout,
        timeout_worker_healthcheck=WORKER_ANSWER_SECONDS,
        lifespan="on",  # if left to be found out, an application that fails before its lifespan begins would serve
    )
    if settings.web_concurrency > 1:
        from uvicorn.supervisors import Multiprocess  # noqa: PLC0415 - only those who need it wait for its import

        copy(config).load()  # each worker that cannot load the application would say so; thus it is said once
        with config.bind_socket() as socket:
            supervisor = Multiprocess(config, sockets=[socket])
            supervisor.run()
        if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
            raise SystemExit(STARTUP_FAILURE)
        return
    # After a clean stop uvicorn raises the signal once more, which would turn exit code 0 into 143.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    uvicorn.Server(config).run()
