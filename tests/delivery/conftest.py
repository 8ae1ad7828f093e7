from collections.abc import Mapping
from pathlib import Path

import pytest

from template.rendering import render


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Return a generated service for each answer to the question `ci`."""
    folders = {ci: tmp_path_factory.mktemp(ci) / "orders" for ci in ("github", "gitlab")}
    for ci, folder in folders.items():
        render(folder, {"service_name": "orders", "ci": ci}, seed=True)
    return folders
