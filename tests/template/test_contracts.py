"""import-linter enforces the layers: each planted import is reported under its contract."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from template.rendering import render

SERVICE = "orders_service"
LAYERS = "commands > main > settings > api | infrastructure > core"
PURE = "core imports nothing but the standard library and itself"
SQL = "SQL stays in infrastructure and the chassis"
FASTAPI = "FastAPI stays in api, main and the chassis"
AIOHTTP = "aiohttp stays in infrastructure/clients and the chassis"
CHASSIS_LAYERS = (
    "application > process > web > authentication > "
    "problems | database | upstream | logs | telemetry > settings > the rest > identity"
)
CHASSIS = "the chassis imports nothing of the service"
FAULTS = [  # importer, imported, contract
    *(
        (f"{SERVICE}.core.errors", imported, PURE)
        for imported in ("sqlalchemy", "fastapi", "pydantic", "aiohttp", "a_package_nobody_thought_of", "chassis.ids")
    ),
    (f"{SERVICE}.core.errors", f"{SERVICE}.infrastructure", LAYERS),
    (f"{SERVICE}.core.errors", f"{SERVICE}.api", LAYERS),
    (f"{SERVICE}.api", f"{SERVICE}.infrastructure", LAYERS),
    (f"{SERVICE}.infrastructure", f"{SERVICE}.api", LAYERS),
    (f"{SERVICE}.api", f"{SERVICE}.main", LAYERS),
    (f"{SERVICE}.infrastructure", f"{SERVICE}.settings", LAYERS),
    (f"{SERVICE}.api", "sqlalchemy.orm", SQL),
    (f"{SERVICE}.settings", "alembic", SQL),
    (f"{SERVICE}.main", "asyncpg", SQL),
    (f"{SERVICE}.infrastructure", "fastapi", FASTAPI),
    (f"{SERVICE}.infrastructure.api", "fastapi", FASTAPI),
    (f"{SERVICE}.settings", "starlette.types", FASTAPI),
    (f"{SERVICE}.main", "aiohttp", AIOHTTP),
    (f"{SERVICE}.infrastructure.database", "aiohttp", AIOHTTP),
    (f"{SERVICE}.a_module_nobody_thought_of", "aiohttp", AIOHTTP),
    ("chassis.identity", SERVICE, CHASSIS),
    ("chassis.logs.formats", f"{SERVICE}.core.errors", CHASSIS),
    ("chassis.identity", "chassis.ids", CHASSIS_LAYERS),
    ("chassis.fair_queue", "chassis.settings", CHASSIS_LAYERS),
    ("chassis.settings.table", "chassis.logs.redaction", CHASSIS_LAYERS),
    ("chassis.logs.formats", "chassis.problems", CHASSIS_LAYERS),
    ("chassis.problems.catalogue", "chassis.database", CHASSIS_LAYERS),
    ("chassis.database.engine", "chassis.upstream", CHASSIS_LAYERS),
    ("chassis.upstream.client", "chassis.authentication", CHASSIS_LAYERS),
    ("chassis.authentication.marks", "chassis.web", CHASSIS_LAYERS),
    ("chassis.web.headers", "chassis.process.health", CHASSIS_LAYERS),
    ("chassis.process.health", "chassis.application", CHASSIS_LAYERS),
]
UNPLACED = "chassis.a_module_nobody_placed"


def lint_imports(service: Path) -> str:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=service,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(["src", "tools"]), "COLUMNS": "200"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == (0 if "0 broken" in done.stdout else 1), done.stdout + done.stderr
    return done.stdout


def plant(service: Path, importer: str, imported: str) -> None:
    module = service / "src" / importer.replace(".", "/")
    file = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
    with file.open("a", encoding="utf-8") as source:
        source.write(f"\nimport {imported}\n")


@pytest.fixture(scope="module")
def objections(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the output of import-linter for a service with all these faults, by contract."""
    service = tmp_path_factory.mktemp("contracts") / "orders"
    render(service, {"service_name": "orders"}, seed=True)
    for importer, imported, _ in FAULTS:
        plant(service, importer, imported)
    plant(service, UNPLACED, "json")
    _, _, said = lint_imports(service).partition("Broken contracts\n")
    parts = re.split(r"\n([^\n]+(?:\n[^-\n][^\n]*)?)\n-{10,}\n", said)
    return {" ".join(title.split()): part for title, part in zip(parts[1::2], parts[2::2], strict=True)}


@pytest.mark.parametrize(("importer", "imported", "contract"), FAULTS)
def test_lint_reports_a_forbidden_import(
    importer: str, imported: str, contract: str, objections: dict[str, str]
) -> None:
    what = re.escape(imported if imported.startswith((SERVICE, "chassis")) else imported.partition(".")[0])
    assert re.search(rf"\b{re.escape(importer)} (?:->|may not import) {what} \(l\.", objections[contract])


def test_lint_reports_a_chassis_module_without_a_layer(objections: dict[str, str]) -> None:
    assert UNPLACED in objections[CHASSIS_LAYERS]


def test_lint_accepts_a_new_service_and_one_without_api_and_clients(tmp_path: Path) -> None:
    for seed in (True, False):
        service = tmp_path / str(seed)
        render(service, {"service_name": "orders"}, seed=seed)
        assert "Contracts: 7 kept, 0 broken." in lint_imports(service)
