"""The identity of a service."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Names of the service for logs, documentation, database sessions and settings. Part of its `Settings`."""

    name: str
    """In kebab-case, such as `order-lines`. Also the default name of its database and role."""
    title: str
    description: str
    default_port: int
    version: str
