"""File descriptors, which the operating system limits. Each connection needs one."""

import logging
import resource
from typing import Final

from chassis.settings import ChassisSettings
from chassis.web.connections import Limits, most_connections

_ENOUGH_CLIENTS: Final = 100

logger = logging.getLogger(__name__)


def warn_of_few_descriptors(settings: ChassisSettings) -> None:
    """Log a warning if the limit leaves few connections for clients."""
    limits = Limits.of(settings)
    most = most_connections(limits)
    if most >= _ENOUGH_CLIENTS:
        return
    logger.warning(
        "few file descriptors: of RLIMIT_NOFILE=%s (`ulimit -n`), up to %s are used by DATABASE_POOL_SIZE=%s, "
        "HTTP_CLIENT_CONCURRENCY=%s and the process itself, which leaves %s for clients",
        *(resource.getrlimit(resource.RLIMIT_NOFILE)[0], limits.reserved_descriptors),
        *(settings.database_pool_size, settings.http_client_concurrency, most),
    )
