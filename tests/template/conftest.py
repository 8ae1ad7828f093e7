import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from working_copy import Copy, Generate
from workshop import Programs

from layout import ROOT
from template.rendering import render


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Return a repository whose one commit is this working tree."""
    return Copy.of_working_tree(tmp_path_factory.mktemp("original") / "allium")


@pytest.fixture
def clone(original: Copy, tmp_path: Path) -> Copy:
    """Return a full clone of that repository, in a folder with a space in its name."""
    return original.clone(tmp_path / "a clone")


@pytest.fixture(scope="session")
def original_of_users(original: Copy, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Return that repository with users as its only service: `sync` and `drift` render one service, not three."""
    copy = original.clone(tmp_path_factory.mktemp("original") / "users")
    for name in ("accounts", "friends"):
        shutil.rmtree(copy.root / "services" / name)
    copy.scaffold("sync")  # the Compose files name all services
    copy.commit("Keep users alone")
    return copy


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Generate:
    """Return a function that generates a service from the working tree, in its own git repository, once per answers."""
    folders: dict[str, Path] = {}

    def generate(answers: Mapping[str, Any]) -> Path:
        key = repr(answers)
        if key not in folders:
            folder = tmp_path_factory.mktemp("generated") / str(answers["service_name"])
            render(folder, answers, seed=True)
            copy = Copy(folder)
            copy.git("init", "--quiet")
            copy.commit("Generate")
            copy.pack()
            folders[key] = folder
        return folders[key]

    return generate


@pytest.fixture
def generate(generated: Generate, tmp_path: Path) -> Generate:
    """Return a function that does the same, as a copy that a test may change."""

    def generate(answers: Mapping[str, Any]) -> Path:
        return Path(shutil.copytree(generated(answers), tmp_path / str(answers["service_name"])))

    return generate


@pytest.fixture(scope="session")
def programs() -> Programs:
    """Return the programs that check a service without extra dependencies."""
    return Programs.of(ROOT / "template" / "requirements-dev.txt", "none")
