import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from template.rendering import render

SERVICE = "orders_service"
CHASSIS_LAYERS = "application > process > web"
BROKEN = [
    *(
        pytest.param(f"{SERVICE}/core/errors.py", f"import {name}", "core imports nothing but", id=f"core: {name}")
        for name in ("sqlalchemy", "fastapi", "pydantic", "aiohttp", "some_package_nobody_thought_of", "chassis.ids")
    ),
    *(
        pytest.param(f"{SERVICE}/{module}", line, contract, id=f"{module}: {line}")
        for module, line, contract in (
            ("core/errors.py", "from .. import infrastructure", "main > settings > api"),
            ("core/errors.py", "from .. import api", "main > settings > api"),
            ("api/__init__.py", "from .. import infrastructure", "main > settings > api"),
            ("infrastructure/__init__.py", "from .. import api", "main > settings > api"),
            ("api/__init__.py", "import sqlalchemy", "SQL stays in infrastructure"),
            ("api/__init__.py", "import sqlalchemy.orm", "SQL stays in infrastructure"),
            ("main.py", "import asyncpg", "SQL stays in infrastructure"),
            ("infrastructure/__init__.py", "import fastapi", "FastAPI stays in api"),
            ("infrastructure/api.py", "import fastapi", "FastAPI stays in api"),
            ("settings.py", "from starlette import types", "FastAPI stays in api"),
            ("main.py", "import aiohttp", "aiohttp stays in infrastructure/clients"),
            ("infrastructure/database/__init__.py", "import aiohttp", "aiohttp stays in infra"),
            ("helpers.py", "import aiohttp", "aiohttp stays in infra"),
        )
    ),
    *(
        pytest.param(f"chassis/{module}", line, contract, id=f"chassis/{module}: {line}")
        for module, line, contract in (
            ("identity.py", f"import {SERVICE}", "the chassis imports nothing of the service"),
            ("logs/formats.py", f"from {SERVICE}.core import errors", "the chassis imports nothing of the service"),
            ("identity.py", "import chassis.ids", CHASSIS_LAYERS),
            ("fair_queue.py", "import chassis.settings", CHASSIS_LAYERS),
            ("settings/table.py", "from chassis.logs import redaction", CHASSIS_LAYERS),
            ("logs/formats.py", "import chassis.problems", CHASSIS_LAYERS),
            ("problems/catalogue.py", "import chassis.database", CHASSIS_LAYERS),
            ("database/engine.py", "import chassis.upstream", CHASSIS_LAYERS),
            ("upstream/client.py", "import chassis.web", CHASSIS_LAYERS),
            ("web/headers.py", "from chassis.process.health import Health", CHASSIS_LAYERS),
            ("process/health.py", "import chassis.application", CHASSIS_LAYERS),
            ("a_module_nobody_placed.py", "", CHASSIS_LAYERS),
        )
    ),
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
    file = service / "src" / module
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
    assert re.search(rf"{re.escape(contract)}[^\n]*(\n[^\n]+)? BROKEN", done.stdout), done.stdout


def test_lint_accepts_a_new_service(service: Path) -> None:
    assert lint_imports(service).returncode == 0


def test_lint_accepts_a_service_that_has_no_api_and_no_clients(tmp_path: Path) -> None:
    folder = tmp_path / "orders"
    render(folder, {"service_name": "orders"}, seed=False)
    done = lint_imports(folder)
    assert "Contracts: 7 kept, 0 broken." in done.stdout, done.stdout
