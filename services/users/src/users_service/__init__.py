"""Who this service is; what it does is told by the folders beside this file."""

from typing import Final

from chassis.identity import Identity

from .version import VERSION

_DESCRIPTION: Final = "Who there is: registers users and tells who they are."  # fmt: skip

IDENTITY: Final = Identity(
    name="users",
    title="Users",
    description=_DESCRIPTION,
    default_port=8001,
    version=VERSION,
)
