"""The identity of this service."""

from typing import Final

from chassis.identity import Identity

from .version import VERSION

_DESCRIPTION: Final = "Manages accounts, logins, and the access tokens that identify callers."  # fmt: skip

IDENTITY: Final = Identity(
    name="accounts",
    title="Accounts",
    description=_DESCRIPTION,
    default_port=8003,
    version=VERSION,
)
