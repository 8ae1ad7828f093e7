"""Fixtures shared by the tests of the tools."""

import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from layout import ROOT
from processes.ports import free_ports

from .programs import TOOLS, soon

USERS = ROOT / "services/users"
FAKE = Path(__file__).with_name("fake_service.py")
VARIABLES = (
    *("PG_BIN", "POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_USER", "POSTGRES_PASSWORD"),
    *("USERS_SERVICE_URL", "FAKE_TROUBLE"),
)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Yield a folder with a space in its name that other accounts can enter, unlike those of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="allium test-"))
    folder.chmod(0o711)
    yield folder
    assert soon(partial(is_removed, folder))  # the children of a killed server may still write for a moment


def is_removed(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove variables that lead the tools to other servers or services, and make programs importable in any folder."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(TOOLS))


@pytest.fixture
def folders(open_folder: Path) -> list[Path]:
    """Return the folders of two services, of which friends calls users."""
    upstreams = {"users": "[]", "friends": "[users]"}
    ports = free_ports()
    return [make_service(open_folder, name, next(ports), upstreams=upstreams[name]) for name in upstreams]


def make_service(parent: Path, name: str, port: int, *, upstreams: str) -> Path:
    package = parent / name / "src" / f"{name}_service"
    package.mkdir(parents=True)
    shutil.copy(FAKE, package / "__main__.py")
    (parent / name / ".copier-answers.yml").write_text(f"service_name: {name}\nport: {port}\nupstreams: {upstreams}\n")
    return parent / name


@pytest.fixture
def real_service(open_folder: Path) -> Path:
    """Return a copy of users with its environment."""
    service = open_folder / "users"
    service.mkdir()
    for folder in ("src", "migrations"):
        shutil.copytree(USERS / folder, service / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "development.env", ".copier-answers.yml"):
        shutil.copy(USERS / file, service)
    (service / ".venv").symlink_to(USERS / ".venv")
    return service
