"""The sockets that clients connect to: where they are bound, and how nobody is lost when they close."""

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

# Classic BPF, <linux/filter.h>: of the thirteenth byte of the TCP header keep SYN and ACK; SYN alone is dropped.
_SO_ATTACH_FILTER: Final = 26
_DROP_NEW: Final = ((0x30, 0, 0, 13), (0x54, 0, 0, 0x12), (0x15, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))

logger = logging.getLogger(__name__)


def listening_sockets(settings: ChassisSettings) -> list[socket.socket]:
    """Bind a socket at each address of HOST; nobody can connect yet.

    If that is impossible, says why in one line, which names the setting, and raises `SystemExit` with uvicorn's code.
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
            port = sockets[-1].getsockname()[1]  # the one that was chosen, if any was to be taken
    if not sockets:
        _exit(settings, refusals[-1])
    return sockets


def announce(settings: ChassisSettings, sockets: Iterable[socket.socket]) -> None:
    """Say where the service is, in uvicorn's words, which people look for."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    port = next(iter(sockets)).getsockname()[1]
    logger.info("Uvicorn running on http://%s:%s (Press CTRL+C to quit)", host, port)


def _addresses(host: str) -> Iterable[tuple[Any, ...]]:
    """Each with its family before it and, for IPv6, what stands after the port behind it."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        logger.critical("cannot listen: HOST=%s is no address of this machine: %s", host, reason)
        raise SystemExit(STARTUP_FAILURE) from None
    return dict.fromkeys((family, address, *scope) for family, _, _, _, (address, _, *scope) in found)


def _bound(family: int, address: tuple[Any, ...]) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:  # `::` is any address, those of IPv4 included
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
    """Let the kernel drop attempts to connect, for every process that has these sockets; False if it cannot.

    What is connected already can then be accepted before the sockets close, which would reset it. Who is dropped tries
    again after a second, and is refused, which says that nothing was received.
    """
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *instruction) for instruction in _DROP_NEW))
    program = struct.pack("HP", len(_DROP_NEW), ctypes.addressof(code))
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            for listening in sockets:
                with socket.socket(fileno=os.dup(listening.fileno())) as same:  # uvloop's have no such options
                    same.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
            return True
    return False


def somebody_waits(sockets: Iterable[socket.socket]) -> bool:
    """Whether there are connections that no process has accepted yet."""
    queues = select.poll()
    for listening in sockets:
        queues.register(listening.fileno(), select.POLLIN)
    return bool(queues.poll(0))
