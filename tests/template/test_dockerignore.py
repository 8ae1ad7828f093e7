import re
from pathlib import Path

import pytest

from layout import listed, services
from template.rendering import render

SECRETS = [
    ".env",
    ".env.local",
    ".git/config",
    ".venv/bin/python",
    ".allium/postgres/PG_VERSION",
    "id_rsa",
    "secrets/password",
    "tests/conftest.py",
    "tools/dependencies/lock.py",
    "src/orders_service/.env",
    "src/orders_service/__pycache__/main.cpython-313.pyc",
    "migrations/.pgpass",
    "src/.git/config",
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("context") / "orders"
    render(folder, {"service_name": "orders"}, seed=True)
    return folder


@pytest.mark.parametrize("path", SECRETS)
def test_excludes_from_the_build_context(service: Path, path: str) -> None:
    assert not is_sent(path, service / ".dockerignore")


@pytest.mark.parametrize("folder", [pytest.param(folder, id=folder.name) for folder in services()])
def test_includes_only_the_program(folder: Path) -> None:
    sent = {path for path in listed(folder) if is_sent(path.as_posix(), folder / ".dockerignore")}
    assert {path.parts[0] for path in sent} == {"requirements.txt", "pyproject.toml", "migrations", "src"}
    assert set(listed(folder, "src", "migrations")) <= sent


def is_sent(path: str, ignore: Path) -> bool:
    """Return whether Docker sends a file to the engine: the last pattern that matches it or a parent decides."""
    sent = True
    parts = path.split("/")
    above = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    for line in ignore.read_text(encoding="utf-8").splitlines():
        if line and line[0] != "#" and any(pattern(line.removeprefix("!")).fullmatch(name) for name in above):
            sent = line[0] == "!"
    return sent


def pattern(line: str) -> re.Pattern[str]:
    """Return the pattern of Go's filepath.Match, plus `**` for any number of folders, as a regular expression."""
    translated = re.escape(line).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
    return re.compile(translated)
