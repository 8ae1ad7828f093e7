"""How to run the sample service as a program."""

import os
from pathlib import Path
from typing import Final

PACKAGE: Final = "sample_service"
SERVICE_FOLDER: Final = Path(__file__).parents[2]


def python_path(*first: str | Path) -> str:
    """Return a PYTHONPATH for the chassis and the sample, with these folders first."""
    return os.pathsep.join([*map(str, first), "src", "tests/chassis"])
