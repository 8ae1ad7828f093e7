"""The issuer's public keys to verify tokens: fetched ahead of time, and kept while the issuer is unavailable."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

import jwt

from chassis.errors import DatabaseUnavailable, UpstreamError, UpstreamRefused
from chassis.problems.catalogue import RETRY_AFTER_SECONDS

from .key_source import KeySource

ALGORITHMS: Final = ("ES256", "EdDSA", "RS256")
REFRESH_SECONDS: Final = 300.0
RETRY_SECONDS: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
LOOK_SECONDS: Final = 30.0
MOST_KEYS: Final = 100
_ALGORITHM_OF: Final[Mapping[object, str]] = {
    ("EC", "P-256"): "ES256",
    ("OKP", "Ed25519"): "EdDSA",
    ("RSA", None): "RS256",
}
_PUBLIC_PARTS: Final = ("kty", "crv", "x", "y", "n", "e")

Key = jwt.PyJWK

logger = logging.getLogger(__name__)


class SigningKeys:
    """The issuer's keys by ID, in `known`. Within the context, they are fetched again every five minutes.

    A fetch may take `wait` seconds.
    """

    def __init__(self, source: KeySource, *, wait: float) -> None:
        self._source = source
        self._wait = wait
        self.known: Mapping[str | None, Key] = {}
        self._published: Sequence[Mapping[str, Any]] = []
        self._succeeded = False
        self._asking: asyncio.Task[None] | None = None
        self._looked_at = -LOOK_SECONDS

    async def __aenter__(self) -> Self:
        """Start to fetch the keys. Startup does not wait for them."""
        self._keeping = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        running = [task for task in (self._keeping, self._asking) if task]
        for task in running:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*running)

    async def look_for_new(self) -> bool:
        """Fetch the keys again, at most every 30 seconds. Return False if the last fetch failed.

        After a failure, they are fetched again once clients may retry, after the `Retry-After` of the 503.
        """
        pause = LOOK_SECONDS if self._succeeded else RETRY_AFTER_SECONDS
        if self._asking and not self._asking.done():
            await self.refresh()
        elif time.monotonic() - self._looked_at >= pause:
            try:
                await self.refresh()
            finally:
                self._looked_at = time.monotonic()
        return self._succeeded

    async def refresh(self) -> bool:
        """Fetch the keys, or wait for a fetch in progress. Return False if it failed."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        await asyncio.wait([self._asking])
        return self._succeeded

    async def _keep(self) -> None:
        failures = 0
        while True:
            failures = 0 if await self.refresh() else failures + 1
            pause = RETRY_SECONDS[min(failures, len(RETRY_SECONDS)) - 1] if failures else REFRESH_SECONDS
            await asyncio.sleep(pause)

    async def _ask(self) -> None:
        try:
            async with asyncio.timeout(self._wait):
                published = await self._source()
        except (UpstreamError, UpstreamRefused, DatabaseUnavailable, TimeoutError, ValueError) as error:
            self._note_failure(str(error) or "it did not respond in time")
            return
        self._take(published)

    def _take(self, published: Sequence[Mapping[str, Any]]) -> None:
        if self.known and published == self._published:
            self._succeeded = True
            return
        found = {each.get("kid"): key for each in published[:MOST_KEYS] if (key := _usable(each))}
        if not found:
            self._note_failure("it publishes no usable key")
            return
        self.known, self._published, self._succeeded = found, list(published), True
        logger.info("signing keys of the issuer: %s", ", ".join(map(repr, found)))

    def _note_failure(self, reason: str) -> None:
        kept = "keeping those already known" if self.known else "no token can be verified"
        logger.warning("cannot get the signing keys of the issuer: %s; %s", reason.rstrip("."), kept)
        self._succeeded = False


def _usable(published: Mapping[str, Any]) -> Key | None:
    """Return the key, bound to its only algorithm, or None if it is for another purpose or not supported."""
    kind = published.get("kty"), published.get("crv")
    operations = published.get("key_ops", ["verify"])
    key_id = published.get("kid")
    try:
        algorithm = _ALGORITHM_OF.get(kind)
        if (
            algorithm is None
            or published.get("alg", algorithm) != algorithm
            or published.get("use", "sig") != "sig"
            or "verify" not in operations
            or not isinstance(key_id, str | None)
        ):
            return None
        key = jwt.PyJWK({name: published[name] for name in _PUBLIC_PARTS if name in published}, algorithm)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return None if key.Algorithm.check_key_length(key.key) else key
