"""Services for odd but valid answers pass their own checks."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from layout import ROOT
from rendering import render

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
    check("pytest", "--quiet", "--ignore=tests/chassis")
    check("pytest", "--quiet", "tests/chassis/test_service.py")
