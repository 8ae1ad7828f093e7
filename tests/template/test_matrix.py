"""Services for every combination of two answers are well-formed."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from odd_answers import FEW_ROWS, ROWS, answers, name
from pairwise import Row
from workshop import Programs

from dependencies import lock
from layout import ROOT
from template.rendering import plain_copy, render

CHASSIS = ("src/chassis", "tests/chassis")
RENDER_FEW = """
import sys
from pathlib import Path
from odd_answers import FEW_ROWS, answers
from template.rendering import render
for number, row in enumerate(FEW_ROWS):
    render(Path(sys.argv[2], str(number)), answers(row), seed=True, source=Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def without_chassis(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the template without the files that no answer changes, which are most of it."""
    source = Path(shutil.copytree(plain_copy(), tmp_path_factory.mktemp("template") / "copy"))
    for folder in CHASSIS:
        shutil.rmtree(source / "template" / folder)
    return source


@pytest.fixture(
    scope="module",
    params=[pytest.param(FEW_ROWS, id="each value"), pytest.param(ROWS, id="each pair", marks=pytest.mark.thorough)],
)
def rows(request: pytest.FixtureRequest) -> list[Row]:
    rows: list[Row] = request.param
    return rows


@pytest.fixture(scope="module")
def services(rows: list[Row], without_chassis: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return a service for each row, in order; all share the chassis of the template."""
    top = tmp_path_factory.mktemp("matrix") / "of services"
    folders = [top / str(number) for number in range(len(rows))]
    for folder, row in zip(folders, rows, strict=True):
        render(folder, answers(row), seed=True, source=without_chassis)
        for chassis in CHASSIS:
            (folder / chassis).symlink_to(plain_copy() / "template" / chassis)
    return folders


def test_is_formatted_and_passes_ruff(services: list[Path], programs: Programs) -> None:
    programs.run("ruff", "check", "--no-cache", *services)
    programs.run("ruff", "format", "--no-cache", "--check", *services)


def test_has_valid_container_and_ci_files(services: list[Path], programs: Programs) -> None:
    programs.run("hadolint", *(service / "Dockerfile" for service in services))
    for schema, path in {
        "vendor.compose-spec": "compose.yml",
        "vendor.github-workflows": ".github/workflows/ci.yml",
        "vendor.gitlab-ci": ".gitlab-ci.yml",
    }.items():
        found = [service / path for service in services if (service / path).exists()]
        assert found
        programs.run("check-jsonschema", "--builtin-schema", schema, *found)


@cache
def compiled(source: bytes) -> bool:
    """Return the errors of compilation; most files are equal in all services."""
    return bool(compile(source, "a file of the service", "exec", dont_inherit=True))


def test_compiles(services: list[Path]) -> None:
    assert all(compiled(file.read_bytes()) for service in services for file in service.rglob("*.py"))


def test_has_locks_unless_it_has_extra_dependencies(rows: list[Row], services: list[Path]) -> None:
    locked = [not lock.stale(service) for service in services]
    further = ("extra_dependencies", "extra_dev_dependencies")
    assert locked == [not any(answers(row)[name] for name in further) for row in rows]


@pytest.mark.parametrize("row", FEW_ROWS, ids=name)  # no pair of answers decides on an import
def test_keeps_the_import_contracts(row: Row, rows: list[Row], services: list[Path], programs: Programs) -> None:
    programs.run("lint-imports", "--no-cache", service=services[rows.index(row)])


def test_rendering_is_deterministic(
    rows: list[Row], services: list[Path], without_chassis: Path, tmp_path: Path
) -> None:
    """Nothing depends on the order of a set, the time or a random number."""
    path = os.pathsep.join(sys.path)
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "1"}
    command: list[str | Path] = [sys.executable, "-c", RENDER_FEW, without_chassis, tmp_path]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    for number, row in enumerate(FEW_ROWS):
        assert contents(tmp_path / str(number)) == contents(services[rows.index(row)])


def contents(folder: Path) -> dict[Path, bytes]:
    """Return the content of each file, except for the chassis."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "__pycache__"]
    paths = {path.relative_to(folder): path for path in files}
    return {name: path.read_bytes() for name, path in paths.items() if not name.as_posix().startswith(CHASSIS)}
