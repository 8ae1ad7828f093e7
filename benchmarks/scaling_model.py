"""A discrete-event simulation of the system: gateway, services, poolers and database, each with a queue in front of it.

Times are in seconds. Every request of a client is a process of SimPy; where it waits longer than the settings let it,
it ends as a 503.
"""

import random
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import simpy

Steps = Generator[simpy.Event, Any, None]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What one request costs; the processor times are measured, see scaling_costs.py and results/."""

    name: str
    share: float
    service: float
    """Of the event loop, before and after the database."""
    database: float
    """Of a core of the database server."""
    commit: float = 0.0
    """Until the disk, and a second server, have it; no core is busy meanwhile."""
    asked: float = 0.0
    """Of the event loop of another service, for a call that the requests of one turn share; 0: nobody is asked."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A database with its poolers, and the services and gateways that use it."""

    replicas: int
    gateway_cores: int
    poolers: int
    """Each has one core and 20 connections; none: services connect to the database themselves."""
    database_cores: int
    gateway: float
    pooler: float
    variation: float
    """Of processor times: the standard deviation over the mean."""
    pool_size: int = 10
    pool_wait: float = 1.0
    pooler_connections: int = 20
    pooler_wait: float = 2.0
    pause: float = 0.004
    pause_every: float = 0.25
    """An event loop stands still now and then: garbage is looked for, or the processor is somebody else's."""
    turn: float = 0.00003
    """How long an event loop is busy between a request that asks another service and the call."""
    network: float = 0.0002
    """A round trip within the cluster."""


@dataclass
class Outcome:
    """How long those took that were answered, and how many were not."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0

    def quantile(self, share: float) -> float:
        """The time that this share was answered within."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("inf")

    @property
    def share_refused(self) -> float:
        """Of all requests."""
        return self.refused / max(1, self.refused + len(self.seconds))


class Simulation:
    """One cell, its queues, and what came of the requests that began after `warm_up`."""

    def __init__(self, cell: Cell, operations: list[Operation], *, warm_up: float, seed: int = 1) -> None:
        self.clock = simpy.Environment()
        self.outcome = Outcome()
        self._cell, self._operations, self._warm_up = cell, operations, warm_up
        self._random = random.Random(seed)  # noqa: S311 - the same each time
        self._gateway = simpy.Resource(self.clock, max(1, cell.gateway_cores))
        self._loops = [simpy.Resource(self.clock, 1) for _ in range(cell.replicas)]
        self._pools = [simpy.Resource(self.clock, cell.pool_size) for _ in range(cell.replicas)]
        self._poolers = [simpy.Resource(self.clock, 1) for _ in range(cell.poolers)]
        self._connections = [simpy.Resource(self.clock, cell.pooler_connections) for _ in range(cell.poolers)]
        self._cores = simpy.Resource(self.clock, cell.database_cores)
        self._asked = simpy.Resource(self.clock, 1)
        self._calls: dict[int, simpy.Event] = {}
        for loop in self._loops:
            self.clock.process(self._pauses(loop))

    def open(self, rate: float, seconds: float) -> Outcome:
        """Let so many requests come each second, whatever becomes of them."""

        def arrive() -> Steps:
            while True:
                yield self.clock.timeout(self._random.expovariate(rate))
                self.clock.process(self._request())

        self.clock.process(arrive())
        self.clock.run(until=seconds)
        return self.outcome

    def closed(self, clients: int, seconds: float) -> Outcome:
        """Let so many clients each send the next request when the last one is answered, as `bench` does."""

        def client() -> Steps:
            while True:
                yield from self._request()

        for _ in range(clients):
            self.clock.process(client())
        self.clock.run(until=seconds)
        return self.outcome

    def _request(self) -> Steps:
        began = self.clock.now
        [operation] = self._random.choices(self._operations, [each.share for each in self._operations])
        replica = self._random.randrange(self._cell.replicas)
        if self._cell.gateway_cores:
            yield from self._busy(self._gateway, self._cell.gateway)
        yield from self._busy(self._loops[replica], operation.service / 2)
        if operation.asked:
            yield from self._ask_service(operation, replica)
        answered = yield from self._ask_database(operation, self._pools[replica])
        if answered:
            yield from self._busy(self._loops[replica], operation.service / 2)
        if began < self._warm_up:
            return
        if answered:
            self.outcome.seconds.append(self.clock.now - began + self._cell.network)
        else:
            self.outcome.refused += 1

    def _pauses(self, loop: simpy.Resource) -> Steps:
        while True:
            yield self.clock.timeout(self._random.expovariate(1 / self._cell.pause_every))
            yield from self._busy(loop, self._cell.pause)

    def _ask_service(self, operation: Operation, replica: int) -> Steps:
        """Share the call that another request of this turn makes, or make one that others may share."""
        if replica in self._calls:
            yield self._calls[replica]
            return
        call = self._calls[replica] = self.clock.event()
        yield from self._busy(self._loops[replica], self._cell.turn)
        del self._calls[replica]
        yield self.clock.timeout(self._cell.network)
        yield from self._busy(self._asked, operation.asked)
        call.succeed()

    def _ask_database(self, operation: Operation, pool: simpy.Resource) -> Generator[simpy.Event, Any, bool]:
        with pool.request() as place:
            if not (yield from self._got(place, self._cell.pool_wait)):
                return False
            if not self._poolers:
                yield from self._run(operation)
                return True
            number = self._random.randrange(len(self._poolers))
            yield from self._busy(self._poolers[number], self._cell.pooler)
            with self._connections[number].request() as connection:
                if not (yield from self._got(connection, self._cell.pooler_wait)):
                    return False
                yield from self._run(operation)
            return True

    def _run(self, operation: Operation) -> Steps:
        yield self.clock.timeout(self._cell.network)
        yield from self._busy(self._cores, operation.database)
        if operation.commit:
            yield self.clock.timeout(self._varied(operation.commit))

    def _got(self, place: simpy.Event, wait: float) -> Generator[simpy.Event, Any, bool]:
        if place.triggered:
            return True
        yield place | self.clock.timeout(wait)
        return place.triggered

    def _busy(self, resource: simpy.Resource, seconds: float) -> Steps:
        with resource.request() as place:
            yield place
            yield self.clock.timeout(self._varied(seconds))

    def _varied(self, mean: float) -> float:
        shape = 1 / self._cell.variation**2
        return self._random.gammavariate(shape, mean / shape)


def utilisations(cell: Cell, operations: list[Operation], rate: float) -> Iterator[tuple[str, float]]:
    """Yield how busy each part is at so many requests a second: above 1 it cannot keep up."""
    per_request = {
        "gateway": cell.gateway / max(1, cell.gateway_cores),
        "services": sum(each.share * each.service for each in operations) / cell.replicas,
        "poolers": cell.pooler / cell.poolers if cell.poolers else 0.0,
        "connections": _held(cell, operations) / max(1, cell.poolers * cell.pooler_connections),
        "database": sum(each.share * each.database for each in operations) / cell.database_cores,
    }
    for name, seconds in per_request.items():
        yield name, rate * seconds


def _held(cell: Cell, operations: list[Operation]) -> float:
    """How long a request holds a connection of a pooler, if nobody waits for a core."""
    return (
        sum(each.share * (cell.network + each.database + each.commit) for each in operations) if cell.poolers else 0.0
    )
