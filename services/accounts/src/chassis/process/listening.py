"""Listening sockets: bind them, and close them without losing connections."""

import contextlib
import ctypes
import errno
import logging
import os
import select
import socket
import struct
import sys
from collections.abc import Iterable
from typing import Any, Final, NoReturn

from uvicorn.config import STARTUP_FAILURE

from chassis.settings import ChassisSettings

_ABOUT_THE_PORT: Final = (errno.EADDRINUSE, errno.EACCES, errno.EPERM)
_NOT_HERE: Final = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)

# Classic BPF, <linux/filter.h>: look at SYN and ACK in byte 13 of the TCP header, and drop SYN alone.
_SO_ATTACH_FILTER: Final = 26
_DROP_NEW: Final = ((0x30, 0, 0, 13), (0x54, 0, 0, 0x12), (0x15, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))

logger = logging.getLogger(__name__)


def listening_sockets(settings: ChassisSettings) -> list[socket.socket]:
    """Return a bound socket for each address of HOST, to which clients cannot connect yet.

    Raises `SystemExit` with uvicorn's code after logging one line with the setting and the reason.
    """
    port = settings.port
    sockets: list[socket.socket] = []
    refusals: list[OSError] = []
    for family, address, *scope in _addresses(settings.host):
        try:
            sockets.append(_bound(family, (address, port, *scope)))
        except OSError as error:
            if error.errno not in _NOT_HERE:
                _exit(settings, error)
            refusals.append(error)  # a name may have an IPv6 address on a machine without IPv6
        else:
            port = sockets[-1].getsockname()[1]  # the chosen one, for PORT=0
    if not sockets:
        _exit(settings, refusals[-1])
    return sockets


def announce(settings: ChassisSettings, sockets: Iterable[socket.socket]) -> None:
    """Log the URL of the service, in uvicorn's words, which people look for."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    port = next(iter(sockets)).getsockname()[1]
    logger.info("Uvicorn running on http://%s:%s (Press CTRL+C to quit)", host, port)


def _addresses(host: str) -> Iterable[tuple[Any, ...]]:
    """Return tuples of family and address and, for IPv6, flow info and scope."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        logger.critical("cannot listen: HOST=%s is not an address of this machine: %s", host, reason)
        raise SystemExit(STARTUP_FAILURE) from None
    return dict.fromkeys((family, address, *scope) for family, _, _, _, (address, _, *scope) in found)


def _bound(family: int, address: tuple[Any, ...]) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:  # `::` means all addresses, IPv4 included
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address[0] != "::")
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


def _exit(settings: ChassisSettings, error: OSError) -> NoReturn:
    name, value = ("PORT", settings.port) if error.errno in _ABOUT_THE_PORT else ("HOST", settings.host)
    logger.critical("cannot listen: %s=%s: %s", name, value, error.strerror)
    raise SystemExit(STARTUP_FAILURE)


def refuse_new_connections(sockets: Iterable[socket.socket]) -> bool:
    """Let the kernel drop new connections, for all processes that share these sockets. Return False if it cannot.

    Connections in the accept queue can then be accepted before the sockets close, which would reset them. Dropped
    clients retry after a second and get a refusal, so they know that nothing was received.
    """
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *instruction) for instruction in _DROP_NEW))
    program = struct.pack("HP", len(_DROP_NEW), ctypes.addressof(code))
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            for listening in sockets:
                with socket.socket(fileno=os.dup(listening.fileno())) as same:  # uvloop's sockets lack these options
                    same.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
            return True
    return False


def somebody_waits(sockets: Iterable[socket.socket]) -> bool:
    """Return whether there are connections that no process has accepted yet."""
    queues = select.poll()
    for listening in sockets:
        queues.register(listening.fileno(), select.POLLIN)
    return bool(queues.poll(0))
