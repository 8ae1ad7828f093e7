"""The recipes, each done as it says in a fresh service, and then checked as a service is. It takes a minute and more,
so it is in the session `docs`, as the tutorial is."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import Block, blocks

from layout import ROOT
from postgres.server import postgres_environment
from template.rendering import render

ANSWERS = {"service_name": "orders", "ci": "none"}
CODE = ("src/orders_service", "tests/api", "tests/core", "tests/infrastructure", "tests/service", "migrations")
WORKSHOP = ROOT / ".nox" / "recipes"


def recipes() -> dict[str, list[Block]]:
    """The blocks of each recipe, by its heading."""
    found: dict[str, list[Block]] = {}
    for page in sorted((ROOT / "docs/recipes").glob("*.md")):
        for block in blocks(page):
            if block.section:
                found.setdefault(block.section, []).append(block)
    return found


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder where PostgreSQL's account may enter."""
    with tempfile.TemporaryDirectory(prefix="recipes-") as temporary:
        Path(temporary).chmod(0o755)
        yield Path(temporary)


@pytest.fixture(scope="module")
def fresh(folder: Path) -> Path:
    """A new service, with an environment that all have in common."""
    render(folder / "fresh", ANSWERS, seed=True)
    WORKSHOP.mkdir(parents=True, exist_ok=True)
    shutil.copy2(folder / "fresh/requirements-dev.txt", WORKSHOP)
    tools = {"PYTHONPATH": str(ROOT / "template/tools"), "PATH": path()}
    subprocess.run([sys.executable, "-m", "dependencies.environment"], cwd=WORKSHOP, env=os.environ | tools, check=True)
    (folder / "fresh/.venv").symlink_to(WORKSHOP / ".venv")
    return folder / "fresh"


@pytest.fixture(scope="module")
def postgres() -> Iterator[dict[str, str]]:
    """One server for the tests of all recipes."""
    with postgres_environment() as variables:
        yield variables


@pytest.mark.parametrize("name", recipes())
def test_a_recipe_works_in_a_fresh_service(name: str, fresh: Path, folder: Path, postgres: dict[str, str]) -> None:
    service = shutil.copytree(fresh, folder / name.replace(" ", "-"), symlinks=True)
    tests = [path for block in recipes()[name] if (path := follow(service, block)) and "/test_" in path]
    assert tests
    check(service, "ruff", "check", "--no-cache")
    check(service, "ruff", "format", "--no-cache", "--check")
    check(service, "lint-imports", "--no-cache")
    check(service, "mypy", f"--cache-dir={WORKSHOP / 'mypy'}", *CODE)
    check(service, "pytest", "--quiet", "tests/conformance", *tests, **postgres)


def follow(service: Path, block: Block) -> str | None:
    """Do what a block says, and return the path of the file that it is, if it is one."""
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
            assert other == "sh terminal"  # what a person does beside
    return None


def check(service: Path, program: str, *arguments: str, **environment: str) -> None:
    run(service, [str(WORKSHOP / ".venv/bin" / program), *arguments], **environment)


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
    """As a person's, who has nox on the path, and uv."""
    return os.pathsep.join([str(ROOT / ".noxw/bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
