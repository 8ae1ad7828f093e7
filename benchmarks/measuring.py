"""Interleaved rounds: every contender of an operation in turn, again and again, so that all meet the same machine."""

import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from load import Load, LoadFailure, put_load
from servers import Bench
from usage import cpu_seconds, resident_bytes
from workloads import CONNECTIONS, FEW, Contender, Workloads

WARM_UP_SECONDS = 1
IDLE_SECONDS = 0.1
IDLE_CPU_SECONDS = 0.01
FIRST_REQUESTS = 10_000

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """Medians over the rounds of one contender."""

    operation: str
    contender: str
    connections: int
    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    """CPU time for a request: that of the server's process, and of the service that it asks."""
    failed: float
    """The share of requests, of all rounds, that were not answered with success."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """What a service held in RAM after some requests."""

    requests: int
    bytes: int


def measure(
    bench: Bench, workloads: Workloads, *, rounds: Mapping[int, int], seconds: float, warm_up: bool, say: Say
) -> list[Measurement]:
    """Measure each operation with each number of connections; `rounds` says how often with which."""
    if warm_up:
        for contender in [contender for each in workloads.operations.values() for contender in each]:
            _load(bench, contender, connections=FEW, seconds=WARM_UP_SECONDS)
    measurements: list[Measurement] = []
    for operation, contenders in workloads.operations.items():
        for connections in CONNECTIONS:
            taking_part = [contender for contender in contenders if connections in contender.connections]
            samples: dict[str, list[tuple[Load, float]]] = {contender.name: [] for contender in taking_part}
            for _ in range(rounds[connections]):
                for contender in taking_part:
                    sample = _load(bench, contender, connections=connections, seconds=seconds)
                    samples[contender.name].append(sample)
            for name, taken in samples.items():
                measurements.append(_medians(operation, name, connections, taken))
                say(f"{operation}, {connections} connections, {name}: {measurements[-1].rate:.0f} requests/s")
    return measurements


def measure_memory(bench: Bench, requests: Path, *, total: int, say: Say) -> list[Memory]:
    """Read users until `total` requests are answered; return the memory after the first 10,000 and at the end."""
    users = bench.servers["users"]
    held: list[Memory] = []
    answered = 0
    for goal in (FIRST_REQUESTS, total):
        while answered < goal:
            seconds = min(30.0, max(1.0, (goal - answered) / 2_000))
            answered += put_load(users.url, requests, connections=16, seconds=seconds).requests
        held.append(Memory(requests=answered, bytes=resident_bytes(users.pid)))
        say(f"memory after {answered} requests: {held[-1].bytes / 2**20:.1f} MiB")
    return held


def _load(bench: Bench, contender: Contender, *, connections: int, seconds: float) -> tuple[Load, float]:
    url = bench.servers[contender.server].url
    if contender.prelude:
        put_load(url, contender.prelude, connections=FEW, seconds=WARM_UP_SECONDS)
        _await_idle(bench)
    counted = [bench.servers[name].pid for name in (contender.server, *contender.behind)]
    requests = contender.requests(seconds)
    before = sum(map(cpu_seconds, counted))
    load = put_load(url, requests, connections=connections, seconds=seconds)
    _await_idle(bench)
    if not load.requests:  # many connections to a slow server on a busy machine: none was answered yet
        return _load(bench, contender, connections=connections, seconds=seconds * 2)
    return load, (sum(map(cpu_seconds, counted)) - before) / load.requests * 1e6


def _await_idle(bench: Bench) -> None:
    """Let the servers finish what was on its way when the load ended, so that the next one is not disturbed."""
    before, now = 0.0, sum(cpu_seconds(server.pid) for server in bench.servers.values())
    while now > before + IDLE_CPU_SECONDS:
        time.sleep(IDLE_SECONDS)
        before, now = now, sum(cpu_seconds(server.pid) for server in bench.servers.values())


def _medians(operation: str, name: str, connections: int, samples: Iterable[tuple[Load, float]]) -> Measurement:
    loads, cpu = zip(*samples, strict=True)
    if not any(load.rate for load in loads):
        raise LoadFailure(f"{operation}: {name} answered no request with success.")
    return Measurement(
        operation=operation,
        contender=name,
        connections=connections,
        rate=statistics.median(load.rate for load in loads),
        p50_ms=statistics.median(load.p50_ms for load in loads),
        p99_ms=statistics.median(load.p99_ms for load in loads),
        cpu_us=statistics.median(cpu),
        failed=sum(load.failed for load in loads) / sum(load.requests for load in loads),
    )
