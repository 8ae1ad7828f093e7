"""File descriptors: each connection takes one, and the operating system limits them."""

import logging
import resource
from typing import Final

from chassis.settings import ChassisSettings

_OF_THE_PROCESS: Final = 32  # streams, event loop, sockets, pipes, files that are opened for a moment
_ENOUGH_CLIENTS: Final = 100

logger = logging.getLogger(__name__)


def warn_of_few_descriptors(settings: ChassisSettings) -> None:
    """Say so if the limit leaves few connections to clients."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    own = _OF_THE_PROCESS + settings.database_pool_size + 1 + settings.http_client_concurrency
    if limit == resource.RLIM_INFINITY or limit >= own + _ENOUGH_CLIENTS:
        return
    logger.warning(
        "few file descriptors: of RLIMIT_NOFILE=%s (`ulimit -n`) up to %s are taken by DATABASE_POOL_SIZE=%s, "
        "HTTP_CLIENT_CONCURRENCY=%s and the process itself, which leaves %s for clients",
        *(limit, own, settings.database_pool_size, settings.http_client_concurrency, max(0, limit - own)),
    )
