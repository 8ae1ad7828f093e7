"""The settings of the sample: those of the chassis."""

from pathlib import Path
from typing import ClassVar

from chassis.settings import ChassisSettings

from . import IDENTITY


class Settings(ChassisSettings):
    """Nothing of its own."""

    identity = IDENTITY
    development_file: ClassVar[Path | None] = None  # that of the service in which the sample is tested is not its own
