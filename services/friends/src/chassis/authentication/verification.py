"""Assemble the verification of access tokens, which is loaded only if AUTH_ISSUER is set."""

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager

from starlette.middleware import Middleware

from chassis.measurements import Measurement
from chassis.settings import ChassisSettings

from .key_source import KeySource
from .middleware import AuthenticationMiddleware
from .signing_keys import SigningKeys
from .verifier import Verifier


class Verification:
    """The issuer's keys, and the middleware that requires a token."""

    def __init__(self, settings: ChassisSettings, source: KeySource | None) -> None:
        """`source`: source of the keys; by default AUTH_ISSUER, over HTTP."""
        self._keys = SigningKeys(source or _over_http(settings), wait=settings.http_client_total_timeout)
        self._verifier = Verifier(settings, self._keys)
        # `sub` is an opaque ID and may be logged. Another claim may be a name or an address.
        self._logs_subject = settings.auth_subject_claim == "sub"

    @property
    def keys(self) -> AbstractAsyncContextManager[object]:
        """Return the context to enter at startup, which fetches the keys and keeps them up to date."""
        return self._keys

    @property
    def is_possible(self) -> bool:
        """Return whether any key is known yet."""
        return bool(self._keys.known)

    def measurements(self) -> Iterator[Measurement]:
        """Return the metrics of verified and refused tokens."""
        yield from self._verifier.measurements()

    def middleware(self) -> Middleware:
        """Return the middleware that responds 401 to requests without a valid token."""
        return Middleware(AuthenticationMiddleware, verifier=self._verifier, logs_subject=self._logs_subject)


def _over_http(settings: ChassisSettings) -> KeySource:
    from .discovery import keys_of_issuer  # noqa: PLC0415 - slow to import, and the issuer itself does not need it

    return keys_of_issuer(settings)
