"""Services with unusual answers install, pass their own checks and serve; each unusual value is in one of them."""

import json
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from odd_answers import FEW_ROWS, answers, name
from pairwise import Row
from workshop import WORKSHOPS, Programs, run_tool

from dependencies import lock
from system.running import running_system
from template.rendering import render

ODDEST = sorted(FEW_ROWS, key=lambda row: len(name(row)), reverse=True)
PARAMETERS = [pytest.param(ODDEST[0], id=name(ODDEST[0]))]
PARAMETERS += [pytest.param(row, id=name(row), marks=pytest.mark.thorough) for row in ODDEST[1:]]


@pytest.fixture(scope="module", params=PARAMETERS)
def row(request: pytest.FixtureRequest) -> Row:
    row: Row = request.param
    return row


@pytest.fixture(scope="module")
def service(row: Row, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a service as a user has it, with locks and an environment."""
    folder = tmp_path_factory.mktemp("odd") / "a service"
    render(folder, answers(row), seed=True)
    if lock.stale(folder):
        run_tool("dependencies.lock", folder)
    return folder


@pytest.fixture(scope="module")
def own_programs(row: Row, service: Path) -> Programs:
    programs = Programs.of(
        service / "requirements-dev.txt", f"{row['extra_dependencies']}-{row['extra_dev_dependencies']}"
    )
    (service / ".venv").symlink_to(programs.folder.parent)
    return programs


def test_has_locks(service: Path, own_programs: Programs) -> None:
    own_programs.run("python", "-m", "dependencies.lock", "--check", service=service)


def test_passes_the_type_checker(service: Path, own_programs: Programs) -> None:
    cache = f"--cache-dir={WORKSHOPS / 'mypy'}"
    own_programs.run("mypy", cache, "src", "tests", "tools", "migrations", service=service)


@pytest.mark.thorough
def test_migrates_and_passes_its_own_tests(service: Path, own_programs: Programs) -> None:
    """Without the chassis, texts and pages, which no answer changes: the services of this repository test them."""
    same = ("tests/chassis", "tests/core/entities/test_text.py", "tests/core/entities/test_pages.py")
    own_programs.run("pytest", "--quiet", *(f"--ignore={path}" for path in same), service=service)


@pytest.mark.usefixtures("own_programs")
def test_serves_a_created_item(row: Row, service: Path) -> None:
    given = answers(row)
    path = f"/api/v1/{given['entity_plural'].replace('_', '-')}"
    with running_system([service], ports="free") as system:
        port = system.services[given["service_name"]].port
        status, created = call(port, "POST", path, {"name": "ü"})
        assert status == HTTPStatus.CREATED
        assert call(port, "GET", f"{path}/{created['id']}") == (HTTPStatus.OK, created)


def call(port: int, method: str, path: str, body: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    with closing(HTTPConnection("127.0.0.1", port)) as connection:
        connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.load(answer)
