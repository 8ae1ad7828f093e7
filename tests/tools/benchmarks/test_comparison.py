"""What the benchmark compares, and how it reports it."""

import sys

import pytest

from layout import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

import workloads
from contenders import CONTENDERS
from measuring import Measurement, Memory
from report import report
from targets import RATES, TITLES, ratios

BASELINES = {f"{name}/{service}" for name, services in CONTENDERS.items() for service in services}
SERVICES = {"users", "friends", "gateway", "friends-uncached", "users-with-token"}


@pytest.fixture(scope="module")
def operations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[workloads.Contender]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workloads, "_cursor_before", lambda *_: "a cursor")
        folder = tmp_path_factory.mktemp("requests")
        return workloads.Workloads(folder, friends_url="http://nowhere", token="a token").operations


def measurement(operation: str, contender: str, *, rate: float = 100, cpu_us: float = 100) -> Measurement:
    return Measurement(
        operation=operation,
        contender=contender,
        connections=16,
        rate=rate,
        p50_ms=1,
        p99_ms=2,
        cpu_us=cpu_us,
        failed=0,
    )


def measured_at_par() -> list[Measurement]:
    pairs = [(operation, name) for operation, *names, _ in RATES for name in names]
    return [measurement(operation, str(name)) for operation, name in dict.fromkeys(pairs)]


MEMORY = [Memory(requests=10, bytes=100), Memory(requests=1000, bytes=100)]


def test_each_target_compares_contenders_that_are_measured(operations: dict[str, list[workloads.Contender]]) -> None:
    measured = {
        (operation, each.name)
        for operation, contenders in operations.items()
        for each in contenders
        if workloads.FEW in each.connections
    }
    compared = {(operation, name) for operation, *names, _ in RATES for name in names}
    assert compared <= measured


def test_each_contender_has_a_server_and_each_server_a_contender(
    operations: dict[str, list[workloads.Contender]],
) -> None:
    assert {each.server for contenders in operations.values() for each in contenders} == BASELINES | SERVICES


def test_each_operation_is_compared_with_hand_written_code_and_has_a_title(
    operations: dict[str, list[workloads.Contender]],
) -> None:
    compared = {operation for operation, ours, other, _ in RATES if (ours, other) == ("allium", "fastapi_asyncpg")}
    assert compared == set(operations) == set(TITLES)


def test_ratio_by_cpu_time_is_above_one_if_the_service_takes_less() -> None:
    slower = measurement("get_user", "fastapi_asyncpg", rate=50, cpu_us=400)
    others = [each for each in measured_at_par() if (each.operation, each.contender) != ("get_user", slower.contender)]
    [ratio] = [each for each in ratios([slower, *others], MEMORY) if each.by_cpu not in {None, 1}]
    assert (ratio.value, ratio.by_cpu, ratio.reached) == (2, 4, True)


def test_report_shows_each_contender_relative_to_the_service() -> None:
    faster = measurement("list_users", "litestar_msgspec", rate=150, cpu_us=80)
    only_here = [measurement("list_users", "allium"), faster, measurement("get_user", "allium")]
    assert "| litestar_msgspec | 1.50 (0.80) |  |" in report({}, only_here, []).splitlines()
