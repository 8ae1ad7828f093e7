"""uvicorn, set up for a service behind a proxy or a load balancer."""

import signal

import uvicorn
from uvicorn.supervisors import Multiprocess

from .settings import ChassisSettings


def serve(factory: str, settings: ChassisSettings) -> None:
    """Run the application that `factory` (an import string) makes, until SIGTERM or SIGINT; then return normally."""
    config = uvicorn.Config(
        factory,
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.web_concurrency,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        timeout_keep_alive=settings.keep_alive_timeout,
        timeout_graceful_shutdown=settings.shutdown_timeout,
    )
    if settings.web_concurrency > 1:
        Multiprocess(config, sockets=[config.bind_socket()]).run()
        return
    # After a clean stop uvicorn raises the signal once more, which would turn exit code 0 into 143.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    uvicorn.Server(config).run()
