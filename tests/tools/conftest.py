"""What the tests of the tools share."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder with a space in its name that other accounts can enter: pytest's own are closed to them."""
    folder = Path(tempfile.mkdtemp(prefix="allium test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)
