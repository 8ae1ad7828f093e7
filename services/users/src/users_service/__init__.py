"""The identity of this service."""

from typing import Final

from chassis.identity import Identity

from .version import VERSION

_DESCRIPTION: Final = "Registers users and provides their profiles."  # fmt: skip

IDENTITY: Final = Identity(
    name="users",
    title="Users",
    description=_DESCRIPTION,
    default_port=8001,
    version=VERSION,
)
