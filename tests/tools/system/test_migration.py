"""Creating a migration for a real service, in a copy of it."""

import subprocess
import sys
from pathlib import Path

TABLE = "src/users_service/infrastructure/database/users.py"


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


def test_writes_model_changes_to_one_file_that_passes_lint(real_service: Path) -> None:
    before = versions(real_service)
    done = migration(real_service, "add stars")
    assert done.stdout.startswith("Nothing to migrate")
    assert versions(real_service) == before
    edit(real_service, "    birthday: Mapped[date]\n", "    birthday: Mapped[date]\n    stars: Mapped[int | None]\n")
    done = migration(real_service, "add stars")
    (new,) = versions(real_service) - before
    assert done.stdout == f"users/migrations/versions/{new} was written. Review it; `serve` applies it.\n"
    text = (real_service / "migrations/versions" / new).read_text()
    assert 'op.add_column("users", sa.Column("stars", ' in text
    assert text.startswith(
        '"""add stars.\n\nReplace this text with the reason for the change, after checking the code: '
    )
    assert "###" not in text
    for check in (["check"], ["format", "--check"]):
        subprocess.run([".venv/bin/ruff", *check, f"migrations/versions/{new}"], cwd=real_service, check=True)
    assert migration(real_service, "add stars").stdout.startswith("Nothing to migrate"), "the migration must not be run"


def test_writes_an_empty_migration_and_says_what_to_do_if_it_is_lost_after_it_has_run(real_service: Path) -> None:
    before = versions(real_service)
    assert migration(real_service, "fill stars", "--empty").returncode == 0
    (new,) = versions(real_service) - before
    assert new.endswith("_fill_stars.py")
    file = real_service / "migrations/versions" / new
    text = file.read_text()
    assert "Replace this text with the reason for the change." in text
    again = migration(real_service, "fill stars", "--empty")  # after running the first one
    assert file.read_text() == text
    if versions(real_service) == {*before, new}:  # else a minute has passed, and the name is another one
        assert again.returncode == 1
        assert again.stderr == f"users/migrations/versions/{new} already exists. Choose another message.\n"
    for lost in versions(real_service) - before:
        (real_service / "migrations/versions" / lost).unlink()
    done = migration(real_service, "add stars")
    assert done.returncode == 1
    revision = text.partition('revision = "')[2].partition('"')[0]
    assert done.stderr == (
        f"The database of users is at migration {revision}, which has no file in migrations/versions.\n"
        "Restore the file from git, or from the branch that has it; to start over with empty databases, "
        f"stop `serve` and delete {real_service.parent}/.allium.\n"
    )


def test_explains_models_that_cannot_be_imported(real_service: Path) -> None:
    edit(real_service, "    birthday: Mapped[date]\n", "    birthday: Mapped[day]\n")
    done = migration(real_service, "add stars")
    assert done.returncode == 1
    assert done.stderr.startswith("`users_service migrate` failed:\n")
    assert "NameError: name 'day' is not defined" in done.stderr
    assert '{"timestamp"' not in done.stderr
