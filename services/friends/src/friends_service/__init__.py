"""The identity of this service."""

from typing import Final

from chassis.identity import Identity

from .version import VERSION

_DESCRIPTION: Final = "Manages friendships between users."  # fmt: skip

IDENTITY: Final = Identity(
    name="friends",
    title="Friends",
    description=_DESCRIPTION,
    default_port=8002,
    version=VERSION,
)
