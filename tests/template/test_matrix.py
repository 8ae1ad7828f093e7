"""Services for odd but valid answers pass their own checks."""

import json
import os
import subprocess
from collections.abc import Callable
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from layout import ROOT
from rendering import render
from system import running_system

Check = Callable[..., None]
ODD: dict[str, dict[str, Any]] = {
    "keyword": {
        "service_name": "x",
        "description": "It's \"{{ x }}\" and 'y',\n<b>é ☃ 😀 \\ {% raw %} # end",
        "entity": "class",
        "entity_plural": "classes",
        "port": 65535,
        "upstreams": ["users", "order-lines"],
        "ci": "gitlab",
    },
    "long": {
        "service_name": "a-service-with-a-name-of-32-char",
        "description": "Does " + "a lot of " * 30 + "things.",
        "entity": "order_with_a_name_of_32_charact1",
        "entity_plural": "orders_with_a_name_of_32_charact",
        "port": 1024,
        "ci": "none",
    },
    "reserved word of SQL": {
        "service_name": "json",
        "entity": "user",
        "entity_plural": "select",
        "upstreams": ["json-2"],
    },
}


@pytest.fixture(scope="module", params=list(ODD.values()), ids=list(ODD))
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("matrix") / "a service"
    render(folder, request.param, seed=True)
    return folder


@pytest.fixture
def check(service: Path, programs: Path) -> Check:
    def check(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [programs / program, *arguments],
            cwd=service,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(["src", "tools"])},
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout

    return check


def test_is_well_formatted_and_lints(check: Check) -> None:
    check("ruff", "check")
    check("ruff", "format", "--check")
    check("lint-imports", "--no-cache")
    check("python", "tools/lock.py", "--check")
    check("hadolint", "Dockerfile")
    check("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yml")


def test_type_checks(check: Check) -> None:
    check("mypy", f"--cache-dir={ROOT / '.nox' / 'matrix' / 'mypy'}", "src", "tests", "tools", "migrations")


def test_migrates_and_passes_its_own_tests(check: Check) -> None:
    """The chassis is the same in every service; the other tests of it run in those of this repository."""
    check("pytest", "--quiet", "tests/core", "tests/infrastructure", "tests/api", "tests/chassis/test_service.py")


def test_serves_what_was_created_once(tmp_path: Path, programs: Path) -> None:
    render(tmp_path / "shop", ODD["keyword"], seed=True)
    (tmp_path / "shop/.venv").symlink_to(programs.parent)
    with running_system([tmp_path / "shop"], ports="free") as system:
        port = system.services["x"].port
        status, created = call(port, "POST", "/api/v1/classes", {"name": "ü"})
        assert status == HTTPStatus.CREATED
        assert call(port, "GET", f"/api/v1/classes/{created['id']}") == (HTTPStatus.OK, created)


def call(port: int, method: str, path: str, body: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    with closing(HTTPConnection("127.0.0.1", port)) as connection:
        connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.load(answer)
