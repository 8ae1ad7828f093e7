"""How the sample service is run as a program."""

import os
from pathlib import Path
from typing import Final

PACKAGE: Final = "sample_service"
SERVICE_FOLDER: Final = Path(__file__).parents[2]


def python_path(*first: str | Path) -> str:
    """Where Python finds the chassis and the sample, after the folders that are to come first."""
    return os.pathsep.join([*map(str, first), "src", "tests/chassis"])
