"""The type checker of a service detects planted faults."""

import subprocess
from pathlib import Path

import pytest
from workshop import WORKSHOPS, Programs

from template.rendering import render

PLANTED = """

_FAULTS = (
    ProblemFor(entities.OrderNotFound, NOT_FOUND, members=lambda error: {"id": error.no_such_attribute}),
    ProblemFor(entities.OrderNotFound, NOT_FOUND, members=lambda error: error.wanted_id),
    orders_router("no use cases"),
)
"""


@pytest.fixture(scope="module")
def objections(programs: Programs, tmp_path_factory: pytest.TempPathFactory) -> str:
    service = tmp_path_factory.mktemp("types") / "orders"
    render(service, {"service_name": "orders"}, seed=True)
    api = service / "src/orders_service/api/orders.py"
    api.write_text(api.read_text(encoding="utf-8") + PLANTED, encoding="utf-8")
    command: list[str | Path] = [
        programs.folder / "mypy",
        f"--cache-dir={WORKSHOPS / 'mypy'}",
        "src/orders_service/api",
    ]
    done = subprocess.run(command, cwd=service, check=False, capture_output=True, text=True)
    return done.stdout


@pytest.mark.parametrize(
    "objection",
    [
        '"OrderNotFound" has no attribute "no_such_attribute"',
        'has incompatible type "Callable[[OrderNotFound], UUID]"',
        'Argument 1 to "orders_router" has incompatible type "str"; expected "Orders"',
    ],
)
def test_detects_a_planted_type_error(objection: str, objections: str) -> None:
    assert objection in objections


def test_reports_nothing_else(objections: str) -> None:
    errors = [line for line in objections.splitlines() if ": error:" in line]
    assert len({line.split(":")[1] for line in errors}) == 3, objections
