"""The ports that services listen on."""

import random
import socket
import time
from collections.abc import Iterator, Sequence

from failures import SystemFailure
from service_folder import ServiceFolder

HOST = "127.0.0.1"
UNASKED = range(20_000, 32_768)  # the system gives none of these to a program that asks for any port, or connects
PATIENCE_SECONDS = 2  # services of a run that was killed may still be stopping


def answered_ports(services: Sequence[ServiceFolder]) -> dict[str, int]:
    """Return the port of each service's answers; raises `SystemFailure` if one is taken."""
    taken: dict[int, str] = {}
    for service in services:
        if service.port in taken:
            raise SystemFailure(f"{taken[service.port]} and {service.name} both have port {service.port}.")
        if not _becomes_free(service.port):
            raise SystemFailure(
                f"Port {service.port} of {service.name} is in use by another program; stop that one first."
            )
        taken[service.port] = service.name
    return {service.name: service.port for service in services}


def free_ports() -> Iterator[int]:
    """Yield different ports that are free, and that the system gives to nobody else while nothing listens there."""
    # The system's own chance: pytest-randomly makes that of Python the same in each test and each of its processes.
    candidates = random.SystemRandom().sample(UNASKED, len(UNASKED))
    return (port for port in candidates if _is_free(port))


def _becomes_free(port: int) -> bool:
    end = time.monotonic() + PATIENCE_SECONDS
    while not _is_free(port):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def _is_free(port: int) -> bool:
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True
