"""The settings of this service: those of the chassis, and its own."""

from chassis.settings import ChassisSettings

from . import IDENTITY


class Settings(ChassisSettings):
    """The service has no settings of its own yet."""

    identity = IDENTITY
