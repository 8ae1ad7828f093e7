"""The ports that services listen on."""

import random
import socket
import time
from collections.abc import Iterator, Mapping

from failures import SystemFailure
from processes.port_holder import port_holder

HOST = "127.0.0.1"
UNASKED = range(20_000, 32_768)  # the system gives none of these to a program that asks for any port or connects
PATIENCE_SECONDS = 2  # services of a run that was killed may still be stopping


def require_ports(wanted: Mapping[str, int], *, otherwise: str) -> None:
    """Return when all ports, by the names of the services that need them, are free; raises `SystemFailure`.

    `otherwise`: how to choose other ports, for the message.
    """
    taken: dict[int, str] = {}
    for name, port in wanted.items():
        if port in taken:
            raise SystemFailure(f"{taken[port]} and {name} both have port {port}. Change one of their answers.")
        if not _becomes_free(port):
            holder = port_holder(port) or "another program"
            raise SystemFailure(f"Port {port} ({name}) is already in use by {holder}. Stop it, or {otherwise}.")
        taken[port] = name


def free_ports() -> Iterator[int]:
    """Yield different free ports, of those that the system gives to no program by itself."""
    # pytest-randomly seeds `random` alike in each test and process; this one is the system's.
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
