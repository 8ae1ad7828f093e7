"""The settings of the sample, which are those of the chassis."""

import logging
import os
import sys
import warnings
from pathlib import Path
from typing import ClassVar

from chassis.settings import ChassisSettings

from . import IDENTITY


class Settings(ChassisSettings):
    """The chassis settings without additions."""

    identity = IDENTITY
    development_file: ClassVar[Path | None] = None  # not the one of the service in which the sample is tested


if "SAMPLE_IS_LOUD" in os.environ:
    sys.stdout.write("planted by print\n")
    warnings.warn("planted by a warning", stacklevel=1)
    logging.getLogger(__name__).error("planted in the log")
