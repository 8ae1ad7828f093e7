"""The simulation agrees with queueing theory."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

from scaling_model import Cell, Operation, Simulation, utilisations

READ = Operation(name="read", share=1.0, service=0.001, database=0.0001)
ONE = Cell(
    replicas=1,
    gateway_cores=0,
    poolers=0,
    database_cores=1,
    gateway=0.0002,
    pooler=0.00002,
    variation=0.5,
    pause_every=1e9,
)


def test_throughput_is_limited_by_one_event_loop() -> None:
    outcome = Simulation(ONE, [READ], warm_up=0.5).closed(16, 2.5)
    assert len(outcome.seconds) / 2 == pytest.approx(1000, rel=0.05)
    assert outcome.quantile(0.5) == pytest.approx(0.016, rel=0.1)  # Little's law


def test_latency_without_load_is_the_sum_of_the_parts() -> None:
    outcome = Simulation(ONE, [READ], warm_up=0.0).open(20, 5)
    expected = READ.service + READ.database + 2 * ONE.network
    assert sum(outcome.seconds) / len(outcome.seconds) == pytest.approx(expected, rel=0.1)
    assert outcome.share_refused == 0


def test_refuses_requests_that_wait_too_long_for_a_connection() -> None:
    slow = Operation(name="slow", share=1.0, service=0.0001, database=0.02)
    cell = Cell(**{**vars(ONE), "pool_size": 1, "pool_wait": 0.1})
    outcome = Simulation(cell, [slow], warm_up=1.0).open(100, 6)
    assert outcome.share_refused == pytest.approx(0.5, abs=0.1)  # half of the requests can be served


def test_requests_of_one_turn_share_one_upstream_call() -> None:
    asking = Operation(name="ask", share=1.0, service=0.0005, database=0.0001, asked=0.001)
    outcome = Simulation(ONE, [asking], warm_up=0.5).closed(16, 2.5)
    rate = len(outcome.seconds) / 2
    assert 1500 < rate < 2000, "each with a call of its own: 1,000"


def test_utilisation_is_proportional_to_the_share_of_requests() -> None:
    busy = dict(utilisations(Cell(**{**vars(ONE), "replicas": 4, "gateway_cores": 2}), [READ], 2000))
    assert busy["services"] == pytest.approx(0.5)
    assert busy["gateway"] == pytest.approx(0.2)
    assert busy["database"] == pytest.approx(0.2)
