"""Releases of users after the one in this repository, made by editing a copy of it."""

import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from system.service_folder import ServiceFolder

LEFT_OUT = shutil.ignore_patterns(".venv", "tests", ".*_cache", "__pycache__", "htmlcov")
MIGRATION = '''"""{title}."""

from alembic import op

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '3s'")
    op.execute("{statement}")
'''
WRITES_NICKNAME = {
    "    birthday: Mapped[date]\n": "    nickname: Mapped[str | None]\n",
    '            "birthday": user.birthday,\n': '            "nickname": user.first_name,\n',
}


@dataclass(frozen=True, kw_only=True)
class Releases:
    """The current release, one that adds the column `nickname` and writes it, and one that drops it."""

    old: ServiceFolder
    expanded: ServiceFolder
    contracted: ServiceFolder


def make_releases(old: ServiceFolder, folder: Path) -> Releases:
    """Copy the service into a folder, twice, and edit the copies."""
    expanded, contracted = (_copied(old, folder / name) for name in ("expanded", "contracted"))
    for service in (expanded, contracted):
        head = _head(service)
        _migration(service, "2_add", before=head, statement="ALTER TABLE users ADD COLUMN nickname varchar")
    _migration(contracted, "3_drop", before="2_add", statement="ALTER TABLE users DROP COLUMN nickname")
    repository = expanded.path / "src" / expanded.package / "infrastructure/database/users.py"
    text = repository.read_text(encoding="utf-8")
    for line, one_more in WRITES_NICKNAME.items():
        assert text.count(line) == 1, line
        text = text.replace(line, line + one_more)
    repository.write_text(text, encoding="utf-8")
    return Releases(old=old, expanded=expanded, contracted=contracted)


def _copied(service: ServiceFolder, folder: Path) -> ServiceFolder:
    shutil.copytree(service.path, folder, ignore=LEFT_OUT)
    (folder / ".venv").symlink_to(service.path / ".venv")
    return replace(service, path=folder)


def _head(service: ServiceFolder) -> str:
    newest = max((service.path / "migrations/versions").glob("2*.py"))
    found = re.search(r'^revision = "(.*)"', newest.read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    return found[1]


def _migration(service: ServiceFolder, revision: str, *, before: str, statement: str) -> None:
    text = MIGRATION.format(title=revision, revision=revision, before=before, statement=statement)
    (service.path / f"migrations/versions/{revision}.py").write_text(text, encoding="utf-8")
