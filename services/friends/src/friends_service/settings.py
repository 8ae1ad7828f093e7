"""The settings of this service: those of the chassis, and its own."""

from pydantic import Field, HttpUrl, NonNegativeFloat, PositiveInt

from chassis.settings import ChassisSettings, UpstreamUrl

from . import IDENTITY


class Settings(ChassisSettings):
    """URL of the users service, and how long its responses are cached."""

    identity = IDENTITY

    users_service_url: UpstreamUrl = Field(HttpUrl("http://users:8000"), description="URL of the users service.")
    users_existence_ttl: NonNegativeFloat = Field(
        60.0, description="Seconds to cache that a user exists; 0 disables the cache."
    )
    users_existence_size: PositiveInt = Field(100_000, description="Maximum number of users in that cache.")
