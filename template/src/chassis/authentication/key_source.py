"""The source of the keys that verify tokens."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

KeySource = Callable[[], Awaitable[Sequence[Mapping[str, Any]]]]
"""Returns the keys that the issuer publishes now, as JWKs (RFC 7517). May raise errors of database and upstream."""
