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
    """A repository whose one commit is this working tree."""
    return Copy.of_working_tree(tmp_path_factory.mktemp("original") / "allium")


@pytest.fixture
def clone(original: Copy, tmp_path: Path) -> Copy:
    """A full clone of that repository, in a folder with a space."""
    return original.clone(tmp_path / "a clone")


@pytest.fixture(scope="session")
def original_of_users(original: Copy, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """That repository with users as its only service: each `sync` and `drift` renders one service instead of three."""
    copy = original.clone(tmp_path_factory.mktemp("original") / "users")
    for name in ("accounts", "friends"):
        shutil.rmtree(copy.root / "services" / name)
    copy.scaffold("sync")  # the files of Compose name the services that there are
    copy.commit("Keep users alone")
    return copy


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Generate:
    """Generates a service from the working tree, in a git repository of its own; once for the same answers."""
    folders: dict[str, Path] = {}

    def generate(answers: Mapping[str, Any]) -> Path:
        key = repr(answers)
        if key not in folders:
            folder = tmp_path_factory.mktemp("generated") / str(answers["service_name"])
            render(folder, answers, seed=True)
            copy = Copy(folder)
            copy.git("init", "--quiet")
            copy.commit("Generate")
            folders[key] = folder
        return folders[key]

    return generate


@pytest.fixture
def generate(generated: Generate, tmp_path: Path) -> Generate:
    """The same, as a copy that a test may do anything to."""

    def generate(answers: Mapping[str, Any]) -> Path:
        return Path(shutil.copytree(generated(answers), tmp_path / str(answers["service_name"])))

    return generate


@pytest.fixture(scope="session")
def programs() -> Programs:
    """Those that a service with no extra dependencies is checked with."""
    return Programs.of(ROOT / "template" / "requirements-dev.txt", "none")
