"""The settings of the sample: those of the chassis."""

from chassis.settings import ChassisSettings

from . import IDENTITY


class Settings(ChassisSettings):
    """Nothing of its own."""

    identity = IDENTITY
