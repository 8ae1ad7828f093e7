"""The identity of this service."""

from typing import Final

from chassis.identity import Identity

from .version import VERSION

_DESCRIPTION: Final = "Who may log in: keeps accounts, and signs the tokens by which services know who calls."  # fmt: skip

IDENTITY: Final = Identity(
    name="accounts",
    title="Accounts",
    description=_DESCRIPTION,
    default_port=8003,
    version=VERSION,
)
