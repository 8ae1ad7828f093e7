"""The settings of this service: those of the chassis, and its own."""

from pydantic import Field, HttpUrl, NonNegativeFloat, PositiveInt

from chassis.settings import ChassisSettings, UpstreamUrl

from . import IDENTITY


class Settings(ChassisSettings):
    """Where the users service is, and for how long its answers hold."""

    identity = IDENTITY

    users_service_url: UpstreamUrl = Field(HttpUrl("http://users:8000"), description="Where the users service is.")
    users_existence_ttl: NonNegativeFloat = Field(
        60.0, description="Seconds for which a user once found is taken to exist without asking; 0 turns it off."
    )
    users_existence_size: PositiveInt = Field(100_000, description="Users that are remembered at most.")
