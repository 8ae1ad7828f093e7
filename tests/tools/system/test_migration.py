"""Writing a migration for a real service, in a copy of it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from layout import ROOT

USERS = ROOT / "services/users"
TABLE = "src/users_service/infrastructure/database/users.py"


@pytest.fixture
def service(open_folder: Path) -> Path:
    service = open_folder / "users"
    service.mkdir()
    for folder in ("src", "migrations"):
        shutil.copytree(USERS / folder, service / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "development.env", ".copier-answers.yml"):
        shutil.copy(USERS / file, service)
    (service / ".venv").symlink_to(USERS / ".venv")
    return service


def edit(service: Path, old: str, new: str) -> None:
    table = service / TABLE
    text = table.read_text()
    assert old in text
    table.write_text(text.replace(old, new))


def migration(service: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "system.migration", "--data", ".allium", "users", *arguments],
        cwd=service.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def versions(service: Path) -> set[str]:
    return {path.name for path in (service / "migrations/versions").glob("*.py")}


def test_what_the_models_have_changed_becomes_one_file_that_passes_lint(service: Path) -> None:
    before = versions(service)
    done = migration(service, "add stars")
    assert done.stdout.startswith("There is nothing to migrate")
    assert versions(service) == before
    edit(service, "    birthday: Mapped[date]\n", "    birthday: Mapped[date]\n    stars: Mapped[int | None]\n")
    done = migration(service, "add stars")
    (new,) = versions(service) - before
    assert done.stdout == f"users/migrations/versions/{new} is new. Look at it; `serve` runs it.\n"
    assert 'op.add_column("users", sa.Column("stars", ' in (service / "migrations/versions" / new).read_text()
    for check in (["check"], ["format", "--check"]):
        subprocess.run([".venv/bin/ruff", *check, f"migrations/versions/{new}"], cwd=service, check=True)
    assert migration(service, "add stars").stdout.startswith("There is nothing to migrate"), "it was run"


def test_an_empty_one_is_written_on_request(service: Path) -> None:
    before = versions(service)
    assert migration(service, "fill stars", "--empty").returncode == 0
    (new,) = versions(service) - before
    assert new.endswith("_fill_stars.py")


def test_models_that_cannot_be_read_are_told_readably(service: Path) -> None:
    edit(service, "    birthday: Mapped[date]\n", "    birthday: Mapped[day]\n")
    done = migration(service, "add stars")
    assert done.returncode == 1
    assert done.stderr.startswith("`users_service migrate` failed:\n")
    assert "NameError: name 'day' is not defined" in done.stderr
    assert '{"timestamp"' not in done.stderr
