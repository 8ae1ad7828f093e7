"""A service whose modules are mutated."""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from layout import ROOT


@pytest.fixture
def make_service(tmp_path: Path) -> Callable[[Mapping[Path, str]], Path]:
    """Return a function that creates a service of a few files, whose tests use our libraries."""

    def make(files: Mapping[Path, str]) -> Path:
        service = tmp_path / "service"
        for file, text in {**files, Path(".gitignore"): ".venv\n"}.items():
            (service / file).parent.mkdir(parents=True, exist_ok=True)
            (service / file).write_text(text, encoding="utf-8")
        subprocess.run(["git", "init", "--quiet", service], check=True)
        (service / ".venv").symlink_to(ROOT / "services" / "users" / ".venv")
        return service

    return make
