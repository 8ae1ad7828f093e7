import os
import subprocess
import sys
from pathlib import Path

import pytest

from template.rendering import render

PACKAGE = "src/orders_service"
BROKEN = [
    *(
        pytest.param("core/errors.py", f"import {name}", "core imports nothing but the standard", id=f"core: {name}")
        for name in ("sqlalchemy", "fastapi", "pydantic", "aiohttp", "some_package_nobody_thought_of")
    ),
    pytest.param("core/errors.py", "from ..chassis import errors", "core imports nothing but", id="core: chassis"),
    pytest.param("core/errors.py", "from .. import infrastructure", "main > settings > api", id="core: infrastructure"),
    pytest.param("core/errors.py", "from .. import api", "main > settings > api", id="core: api"),
    pytest.param("api/__init__.py", "from .. import infrastructure", "main > settings > api", id="api: infrastructure"),
    pytest.param("infrastructure/__init__.py", "from .. import api", "main > settings > api", id="infrastructure: api"),
    pytest.param("chassis/__init__.py", "from .. import core", "main > settings > api", id="chassis: core"),
    pytest.param("chassis/__init__.py", "from .. import settings", "main > settings > api", id="chassis: settings"),
    pytest.param("chassis/__init__.py", "from .. import main", "main > settings > api", id="chassis: main"),
    pytest.param("api/__init__.py", "import sqlalchemy", "SQL stays in infrastructure", id="api: sqlalchemy"),
    pytest.param("main.py", "import asyncpg", "SQL stays in infrastructure", id="main: asyncpg"),
    pytest.param("infrastructure/__init__.py", "import fastapi", "FastAPI stays in api", id="infrastructure: fastapi"),
    pytest.param("settings.py", "from starlette import types", "FastAPI stays in api", id="settings: starlette"),
    pytest.param("main.py", "import aiohttp", "aiohttp stays in infrastructure/clients", id="main: aiohttp"),
    pytest.param(
        "infrastructure/database/__init__.py", "import aiohttp", "aiohttp stays in infra", id="database: aiohttp"
    ),
    pytest.param("helpers.py", "import aiohttp", "aiohttp stays in infra", id="a module nobody thought of: aiohttp"),
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contracts") / "orders"
    render(folder, {"service_name": "orders"}, seed=True)
    return folder


def lint_imports(service: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=service,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(["src", "tools"])},
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(("module", "line", "contract"), BROKEN)
def test_lint_objects_to(module: str, line: str, contract: str, service: Path) -> None:
    file = service / PACKAGE / module
    before = file.read_bytes() if file.exists() else None
    file.write_bytes((before or b"") + f"\n{line}\n".encode())
    try:
        done = lint_imports(service)
    finally:
        if before is None:
            file.unlink()
        else:
            file.write_bytes(before)
    assert done.returncode == 1
    assert any(contract in each and "BROKEN" in each for each in done.stdout.splitlines()), done.stdout


def test_lint_accepts_a_new_service(service: Path) -> None:
    assert lint_imports(service).returncode == 0


def test_lint_accepts_a_service_that_has_no_api_and_no_clients(tmp_path: Path) -> None:
    folder = tmp_path / "orders"
    render(folder, {"service_name": "orders"}, seed=False)
    done = lint_imports(folder)
    assert "Contracts: 5 kept, 0 broken." in done.stdout, done.stdout
