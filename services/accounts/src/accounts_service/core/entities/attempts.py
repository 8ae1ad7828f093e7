"""Guesses of passwords: how many are let through, and for how long one who guesses has to wait."""

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import Final

WINDOW: Final = timedelta(minutes=15)
"""In this time a full bucket is empty again."""
_IPV6_NETWORK: Final = 64  # bits that a provider gives to one customer


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptLimits:
    """How many wrong passwords there may be in one go, and evenly spread over 15 minutes from then on."""

    per_address: int
    per_account: int
    per_account_and_address: int
    registrations_per_address: int
    """Not wrong passwords, but accounts; each costs a hash, too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """A leaky bucket: each attempt adds one, time takes away, and nobody gets in who would make it overflow."""

    key: bytes
    """A hash, so that addresses and names do not stand there as they are."""
    limit: int

    @classmethod
    def of(cls, *parts: str, limit: int) -> "Bucket":
        """The bucket of these, such as an address."""
        return cls(key=hashed(*parts), limit=limit)

    def seconds_to_wait(self, level: float) -> int:
        """Until there is room for one more at this level; 0 if there is."""
        excess = level + 1 - self.limit
        return math.ceil(excess * WINDOW.total_seconds() / self.limit) if excess > 0 else 0

    def drained(self, level: float, *, since: datetime, now: datetime) -> float:
        """The level that is left after some time."""
        return max(0.0, level - (now - since) / WINDOW * self.limit)


class TooManyAttempts(Exception):
    """Somebody has to wait before the next password is looked at, or the next account made."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds

    def __str__(self) -> str:
        return "There were too many attempts; wait before the next one."


def network_of(address: str) -> str:
    """What counts as one address: of IPv6 the network, as each customer has more addresses than could be counted."""
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
    """One value for several texts, whatever is in them."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
