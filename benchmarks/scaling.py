"""Predict p99, refusals and the first bottleneck for 10 to 1,000 replicas: `./noxw -s bench -- scaling`, a minute.

Nothing is measured here: the processor times below are, and a simulation is fed with them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from math import ceil
from pathlib import Path

from scaling_chart import chart
from scaling_model import Cell, Operation, Simulation, utilisations
from scaling_report import report

RESULTS = Path(__file__).parent / "results"
SIZES = [10, 30, 100, 300, 1000]
LOADS = (0.6, 0.9)
"""Of what the event loops of all replicas can do; the first is what the rest is made for."""
SECONDS, WARM_UP = 1.5, 0.5
MOST_BUSY = 0.6
"""Of each part but the services, in the system that is made large enough."""

# The processor times of services are those of results/latest.md at 16 connections; of PostgreSQL and Traefik they were
# measured on 26 November 2026 (CPU time of the processes over requests, 2 cores). That of PgBouncer is a guess.
OPERATIONS = [
    Operation(name="GET /users/{id}", share=0.6, service=359e-6, database=56e-6),
    Operation(name="GET /users/{id}/friendships", share=0.3, service=605e-6, database=110e-6),
    Operation(name="POST /friendships", share=0.1, service=440e-6, database=137e-6, commit=2e-3),
]
AS_BUILT = Cell(replicas=1, gateway_cores=4, poolers=2, database_cores=8, gateway=241e-6, pooler=20e-6, variation=0.5)
"""kubernetes/: two gateways, of which each may use two cores; two poolers; a database of eight cores."""

MEASURED = {  # requests/s, p50 and p99 in ms, of results/latest.md
    ("GET /users/{id}", 16): (2784, 5.5, 9.0),
    ("GET /users/{id}", 200): (2486, 76.9, 112.9),
    ("GET /users/{id}/friendships", 16): (1644, 9.1, 15.7),
    ("GET /users/{id}/friendships", 200): (1458, 127.9, 225.7),
    ("POST /friendships", 16): (2224, 7.5, 12.5),
    ("POST /friendships", 200): (1890, 98.7, 152.8),
}
ASKING = Operation(
    name="POST /friendships, users not remembered",
    share=1.0,
    service=565e-6,  # measured apart on the same day; `bench` shows the sum of both processes
    database=137e-6,
    commit=2e-3,
    asked=OPERATIONS[0].service,  # not measured: it reads as many rows by primary key
)
MEASURED_ASKING = {16: (1563, 9.9, 20.7), 200: (1515, 123.5, 189.1)}
"""As above: friends, which asks users for each request, so that two processes are busy."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What `bench` measured, and what the model makes of it."""

    name: str
    processes: int
    clients: int
    measured: tuple[float, float, float]
    simulated: tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Size:
    """A system of so many replicas: how busy it is as built, and what it becomes when it is made large enough."""

    replicas: int
    rate: float
    busy: dict[str, float]
    """As built, at the first of the loads."""
    cells: int
    cell: Cell
    predicted: dict[float, tuple[float, float]]
    """p99 in ms and the share of 503, by load."""


def calibrations() -> Iterator[Calibration]:
    """Yield the model beside the measurements, those of one process first."""
    by_name = {each.name: each for each in OPERATIONS}
    for (name, clients), measured in MEASURED.items():
        yield _calibration(by_name[name], 1, clients, measured)
    for clients, measured in MEASURED_ASKING.items():
        yield _calibration(ASKING, 2, clients, measured)


def _calibration(
    operation: Operation, processes: int, clients: int, measured: tuple[float, float, float]
) -> Calibration:
    """Simulate a machine of two cores, without gateway, pooler and second database server."""
    alone = replace(AS_BUILT, gateway_cores=0, poolers=0, database_cores=1, network=0.00005)
    operation = replace(operation, share=1.0, commit=operation.commit / 2)
    outcome = Simulation(alone, [operation], warm_up=WARM_UP).closed(clients, SECONDS)
    rate = len(outcome.seconds) / (SECONDS - WARM_UP)
    simulated = (rate, outcome.quantile(0.5) * 1000, outcome.quantile(0.99) * 1000)
    return Calibration(
        name=operation.name, processes=processes, clients=clients, measured=measured, simulated=simulated
    )


def capacity(replicas: int) -> float:
    """Return how many requests a second the event loops can do, with the pauses that they make."""
    available = 1 - AS_BUILT.pause / AS_BUILT.pause_every
    return replicas * available / sum(each.share * each.service for each in OPERATIONS)


def enlarged(replicas: int) -> tuple[int, Cell]:
    """Return how many databases are needed, and what one of them has with its share of everything else."""
    rate = LOADS[0] * capacity(replicas)
    database = sum(each.share * each.database for each in OPERATIONS)
    cells = ceil(rate * database / (AS_BUILT.database_cores * MOST_BUSY))
    own = ceil(replicas / cells)
    cell = replace(AS_BUILT, replicas=own)
    busy = dict(utilisations(cell, OPERATIONS, LOADS[0] * capacity(own)))
    poolers = ceil(cell.poolers * max(busy["poolers"], busy["connections"]) / MOST_BUSY)
    gateways = ceil(cell.gateway_cores * busy["gateway"] / MOST_BUSY)
    return cells, replace(cell, poolers=max(2, poolers), gateway_cores=max(4, gateways))


@cache
def simulated(cell: Cell, load: float) -> tuple[float, float]:
    """Return p99 in ms and the share of 503."""
    outcome = Simulation(cell, OPERATIONS, warm_up=WARM_UP).open(load * capacity(cell.replicas), SECONDS)
    return outcome.quantile(0.99) * 1000, outcome.share_refused


def sizes() -> Iterator[Size]:
    """Yield each size; of several databases one is simulated, as they know nothing of each other."""
    for replicas in SIZES:
        rate = LOADS[0] * capacity(replicas)
        busy = dict(utilisations(replace(AS_BUILT, replicas=replicas), OPERATIONS, rate))
        cells, cell = enlarged(replicas)
        predicted = {load: simulated(cell, load) for load in LOADS}
        yield Size(replicas=replicas, rate=rate, busy=busy, cells=cells, cell=cell, predicted=predicted)


def main() -> None:
    """Simulate, and write the results."""
    found = list(sizes())
    text = report(list(calibrations()), found)
    print(text)
    (RESULTS / "scaling.md").write_text(text, encoding="utf-8")
    (RESULTS / "scaling.svg").write_text(chart({size.replicas: size.busy for size in found}), encoding="utf-8")


if __name__ == "__main__":
    main()
