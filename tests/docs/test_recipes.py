"""Each recipe works in a fresh service, which then passes its checks. It takes a minute, so it is in `docs-test`."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import Block, blocks

from layout import ROOT
from postgres.server import postgres_environment
from template.rendering import render

ANSWERS = {"service_name": "orders", "ci": "none"}
CODE = ("src/orders_service", "tests/api", "tests/core", "tests/infrastructure", "tests/service", "migrations")
SERVICE = ROOT / ".nox/recipes/orders"
KEPT = {".venv", ".mypy_cache"}


def recipes() -> dict[str, list[Block]]:
    """Return the blocks of each recipe by heading."""
    found: dict[str, list[Block]] = {}
    for page in sorted((ROOT / "docs/recipes").glob("*.md")):
        for block in blocks(page):
            if block.section:
                found.setdefault(block.section, []).append(block)
    return found


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the files of a new service."""
    folder = tmp_path_factory.mktemp("recipes") / "orders"
    render(folder, ANSWERS, seed=True)
    return folder


@pytest.fixture
def service(fresh: Path) -> Path:
    """Return a new service, always in the same folder, so that its environment is created once."""
    SERVICE.mkdir(parents=True, exist_ok=True)
    for path in [path for path in SERVICE.iterdir() if path.name not in KEPT]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(fresh, SERVICE, dirs_exist_ok=True)
    run(SERVICE, ["nox", "-s", "dev"])
    return SERVICE


@pytest.fixture(scope="module")
def postgres() -> Iterator[dict[str, str]]:
    """Yield one server for the tests of all recipes."""
    with postgres_environment() as variables:
        yield variables


@pytest.mark.parametrize("name", recipes())
def test_recipe_works_in_a_new_service(name: str, service: Path, postgres: dict[str, str]) -> None:
    tests = [path for block in recipes()[name] if (path := follow(service, block)) and "/test_" in path]
    assert tests
    check(service, "ruff", "check", "--no-cache")
    check(service, "ruff", "format", "--no-cache", "--check")
    check(service, "lint-imports", "--no-cache")
    check(service, "mypy", *CODE)
    check(service, "pytest", "--quiet", "tests/conformance", *tests, **postgres)


def follow(service: Path, block: Block) -> str | None:
    """Follow the instruction of a block; return the path if the block is a file."""
    match block.info:
        case "python":
            first, _, text = block.text.partition("\n")
            path = first.removeprefix("# ")
            (service / path).parent.mkdir(parents=True, exist_ok=True)
            (service / path).write_text(text, encoding="utf-8")
            return path
        case "diff":
            run(service, ["git", "apply", "-"], block.text)
        case "sh":
            run(service, ["bash", "-euo", "pipefail", "-c", block.text])
        case other:
            assert other == "sh terminal"  # what a person does manually
    return None


def check(service: Path, program: str, *arguments: str, **environment: str) -> None:
    run(service, [f".venv/bin/{program}", *arguments], **environment)


def run(service: Path, command: list[str], text: str | None = None, **environment: str) -> None:
    hidden = {"PYTEST_CURRENT_TEST", "COVERAGE_PROCESS_START"}
    inherited = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        command,
        cwd=service,
        env=inherited | {"PATH": path(), "PYTHONPATH": "src:tools"} | environment,
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"


def path() -> str:
    """Return a PATH with nox and uv, as a person has it."""
    return os.pathsep.join([str(ROOT / ".noxw/bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
