"""The connections of a server process: their deadlines, and their number, so that file descriptors do not run out."""

import asyncio
import logging
import resource
import sys
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Protocol
from weakref import WeakKeyDictionary

from uvicorn.server import ServerState

from chassis.settings import ChassisSettings

SWEEP_SECONDS: Final = 0.5
EVICTED_SHARE: Final = 0.05
LONGEST_QUEUE: Final = 2048  # uvicorn's own

UNSENT_LIMIT: Final = 64 * 2**20
"""Bytes of responses that all clients together may leave unread. Above it, the slowest are disconnected."""

WARNING_SHARE: Final = 0.8
CALM_SHARE: Final = 0.6

# Standard streams, listener, event loop, log file, and what libraries open briefly.
OTHER_DESCRIPTORS: Final = 40

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Timeouts of a connection in seconds, and limits that all connections share."""

    keep_alive: float = 75
    head: float = 10
    body: float = 20
    write: float = 30
    bodies: int = 64 * 2**20
    """Bytes of the bodies of all requests in flight together."""

    reserved_descriptors: int = OTHER_DESCRIPTORS

    @classmethod
    def of(cls, settings: ChassisSettings) -> "Limits":
        """Return the limits from the settings."""
        return cls(
            keep_alive=settings.keep_alive_timeout,
            head=settings.header_timeout,
            body=settings.body_timeout,
            write=settings.write_timeout,
            bodies=max(settings.max_bodies_size, settings.max_body_size),
            reserved_descriptors=OTHER_DESCRIPTORS + settings.database_pool_size + 1 + settings.http_client_concurrency,
        )


def most_connections(limits: Limits) -> int:
    """Return how many connections a process can have while keeping descriptors for everything else."""
    return max(_descriptors() - limits.reserved_descriptors - accept_queue(), _descriptors() // 4, 1)


def accept_queue() -> int:
    """Return the length of the accept queue. All of it may be accepted before an evicted connection is closed."""
    return min(LONGEST_QUEUE, _descriptors() // 4)


def _descriptors() -> int:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit


class Connection(Protocol):
    """The part of a connection that is used here."""

    deadline: float
    """When it expires, in the event loop's time. Infinite while the application works on a request."""

    @property
    def is_idle(self) -> bool:
        """Whether it has no request in progress."""

    @property
    def untaken(self) -> int:
        """Bytes of responses that its client has not read yet."""

    def expire(self, now: float) -> None:
        """End what timed out, or extend the deadline."""

    def abort(self) -> None:
        """Close it immediately."""


class Connections:
    """Expires connections after their deadline, and closes idle ones before descriptors run out.

    All share one timer: a timer per request would cost more than all other limits together.
    """

    def __init__(self, members: Collection[Connection], loop: asyncio.AbstractEventLoop, limits: Limits) -> None:
        self._members = members
        self._loop = loop
        self.most = most_connections(limits)
        self.bodies = 0
        """Bytes of the bodies of all requests in flight."""
        self._warned = False
        self._sweeping = False

    def admit(self, newcomer: Connection) -> bool:
        """Return whether there is room for one more. Closes idle connections if needed, by their deadline."""
        if not self._sweeping:
            self._sweeping = True
            self._loop.call_later(SWEEP_SECONDS, self._sweep)
        count = len(self._members)
        if count > self.most * WARNING_SHARE and not self._warned:
            self._warned = True
            logger.warning("%d connections are open; from %d on, idle ones are closed to make room", count, self.most)
        if count <= self.most:
            return True
        idle = sorted((each for each in self._members if each.is_idle and each is not newcomer), key=_deadline)
        evicted = idle[: max(count - self.most, int(self.most * EVICTED_SHARE))]
        for connection in evicted:
            connection.abort()
        return bool(evicted)

    def _sweep(self) -> None:
        now = self._loop.time()
        members = list(self._members)
        for connection in members:
            if connection.deadline <= now:
                connection.expire(now)
        self._cut_off_untaken([each for each in members if each.untaken])
        if len(members) < self.most * CALM_SHARE:
            self._warned = False
        self._sweeping = bool(members)
        if members:
            self._loop.call_later(SWEEP_SECONDS, self._sweep)

    def _cut_off_untaken(self, slow: list[Connection]) -> None:
        surplus = sum(each.untaken for each in slow) - UNSENT_LIMIT
        if surplus <= 0:
            return
        logger.warning("%d clients leave more than %d bytes unread; disconnecting the slowest", len(slow), UNSENT_LIMIT)
        for connection in sorted(slow, key=_deadline):
            surplus -= connection.untaken
            connection.abort()
            if surplus <= 0:
                return


def _deadline(connection: Connection) -> float:
    return connection.deadline


_OF_SERVERS: Final[WeakKeyDictionary[ServerState, Connections]] = WeakKeyDictionary()


def connections_of(server: ServerState, loop: asyncio.AbstractEventLoop, limits: Limits) -> Connections:
    """Return the connections of this server, always the same object."""
    if server not in _OF_SERVERS:
        _OF_SERVERS[server] = Connections(server.connections, loop, limits)  # type: ignore[arg-type] # ours, all of them
    return _OF_SERVERS[server]
