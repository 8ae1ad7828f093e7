"""Limits of password guesses, and how long to wait after too many."""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import Final

WINDOW: Final = timedelta(minutes=15)
"""Time in which a full bucket drains."""
_IPV6_NETWORK: Final = 64  # bits of the network of one customer


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptLimits:
    """Wrong passwords allowed at once, and then per 15 minutes."""

    per_address: int
    per_account: int
    per_account_and_address: int
    registrations_per_address: int
    """New accounts instead of wrong passwords, since each also takes a hash."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """A leaky bucket: each attempt adds one, it drains over time, and an attempt that would overflow it is refused."""

    key: bytes
    """A hash, so that addresses and names are not stored."""
    limit: int

    @classmethod
    def of(cls, *parts: str, limit: int) -> "Bucket":
        """Return the bucket for these parts, such as an address."""
        return cls(key=hashed(*parts), limit=limit)

    def seconds_to_wait(self, level: float) -> int:
        """Return the seconds until there is room for one more at this level, or 0."""
        excess = level + 1 - self.limit
        return math.ceil(excess * WINDOW.total_seconds() / self.limit) if excess > 0 else 0

    def drained(self, level: float, *, since: datetime, now: datetime) -> float:
        """Return the level at `now`."""
        return max(0.0, level - (now - since) / WINDOW * self.limit)


class TooManyAttempts(Exception):
    """The caller must wait before the next password is checked, or the next account created."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds

    def __str__(self) -> str:
        return "Too many attempts; wait before the next one."


def network_of(address: str) -> str:
    """Return the address, or the network of an IPv6 address: each customer has too many of them to count."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return f"{IPv6Address(int(parsed) >> _IPV6_NETWORK << _IPV6_NETWORK)}/{_IPV6_NETWORK}"
    return str(parsed)


def hashed(*parts: str) -> bytes:
    """Return one hash of several texts."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
