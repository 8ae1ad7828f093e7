"""Who a service is."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """What logs, documentation, database sessions and settings say of the service; its `Settings` carry it."""

    name: str
    """In kebab-case, such as `order-lines`; also the default name of its database and role."""
    title: str
    description: str
    default_port: int
    version: str
