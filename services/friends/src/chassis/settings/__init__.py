"""Settings: typed values, validated, from environment variables and secret files, and the table that documents them."""

from .chassis_settings import WELL_KNOWN_PASSWORDS, ChassisSettings
from .sources import UnusableVariables
from .types import Names, Port, Seconds, UpstreamUrl

__all__ = ["WELL_KNOWN_PASSWORDS", "ChassisSettings", "Names", "Port", "Seconds", "UnusableVariables", "UpstreamUrl"]
