"""What verifies access tokens, put together. The rest of a service runs without it where AUTH_ISSUER is not set."""

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
    """The issuer's keys, to be entered with the application, and the middleware that asks for a token."""

    def __init__(self, settings: ChassisSettings, source: KeySource | None) -> None:
        """`source`: where the keys come from; None: the issuer that AUTH_ISSUER names, over HTTP."""
        self._keys = SigningKeys(source or _over_http(settings), wait=settings.http_client_total_timeout)
        self._verifier = Verifier(settings, self._keys)
        # `sub` is an opaque ID and may be logged. Another claim may be a name or an address.
        self._logs_subject = settings.auth_subject_claim == "sub"

    @property
    def keys(self) -> AbstractAsyncContextManager[object]:
        """To be entered at startup, to fetch the keys and keep them up to date."""
        return self._keys

    @property
    def is_possible(self) -> bool:
        """Whether any key is known yet."""
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
