"""Verify access tokens as in RFC 9068, and remember the valid ones."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

import jwt
import orjson
from jwt.utils import base64url_decode

from chassis.measurements import Measurement
from chassis.settings import ChassisSettings

from .principal import Principal
from .refusals import InvalidToken, IssuerUnavailable, UnknownKey
from .signing_keys import ALGORITHMS, Key, SigningKeys

LONGEST_TOKEN: Final = 8 * 1024
LONGEST_ID: Final = 255
LEEWAY_SECONDS: Final = 30
REMEMBERED_SECONDS: Final = 300
MOST_REMEMBERED: Final = 10_000
REQUIRED: Final = ("iss", "aud", "exp", "iat", "sub")

REASONS: Final[Mapping[type[Exception], str]] = {
    jwt.ExpiredSignatureError: "has expired",
    jwt.ImmatureSignatureError: "is not valid yet",
    jwt.InvalidAudienceError: "is for another audience",
    jwt.InvalidIssuerError: "is from another issuer",
    jwt.MissingRequiredClaimError: "lacks a required claim",
}


class Verifier:
    """Verifies tokens against the issuer's keys, and caches the results.

    A valid token is cached by its hash until it expires or the keys change, for five minutes at most. Invalid tokens
    are not cached.
    """

    def __init__(self, settings: ChassisSettings, keys: SigningKeys, *, clock: Callable[[], float] = time.time) -> None:
        self._issuer = settings.auth_issuer
        self._audience = settings.auth_audience
        self._subject_claim = settings.auth_subject_claim
        self._client_claim = settings.auth_client_claim
        self._scope_claim = settings.auth_scope_claim
        kind = settings.auth_token_type.lower()
        self._types = frozenset({kind, f"application/{kind}"})
        self._keys = keys
        self._clock = clock
        self._jwt = jwt.PyJWT({"require": [*REQUIRED, self._client_claim], "enforce_minimum_key_length": True})
        self.outcomes: Counter[str] = Counter()
        self._remembered: dict[bytes, tuple[float, Principal]] = {}
        self._remembered_by: Mapping[str | None, Key] = {}

    def principal(self, token: bytes) -> Principal:
        """Return the caller, verified with the known keys.

        Raises `InvalidToken`, `UnknownKey` if the token's key is not known, or `IssuerUnavailable` if no key is.
        """
        if len(token) > LONGEST_TOKEN:
            raise InvalidToken("is too long")
        known = self._known_keys()
        digest = sha256(token).digest()
        until, principal = self._remembered.get(digest, (0.0, None))
        if principal and until > self._clock():
            self.outcomes["remembered"] += 1
            return principal
        key = known.get(_key_id(token))
        if key is None:
            raise UnknownKey("is not signed with a key of the issuer")
        claims = self._claims(token, key)
        principal = self._principal(claims)
        self._remember(digest, principal, expires=int(claims["exp"]))
        self.outcomes["verified"] += 1
        return principal

    async def principal_by_new_keys(self, token: bytes) -> Principal:
        """Return the caller, after fetching the issuer's keys unless that was just done. Raises as `principal`."""
        is_certain = await self._keys.look_for_new()
        try:
            return self.principal(token)
        except UnknownKey:
            if is_certain:
                raise
            raise IssuerUnavailable from None

    def measurements(self) -> list[Measurement]:
        """Return the counts of verifications by outcome."""
        return [
            Measurement(
                name="chassis.token.verifications",
                unit="{token}",
                description="Access tokens, by outcome: remembered, verified or refused.",
                read=lambda: [(count, {"chassis.outcome": name}) for name, count in self.outcomes.copy().items()],
                kind="total",
            )
        ]

    def _known_keys(self) -> Mapping[str | None, Key]:
        known = self._keys.known
        if not known:
            raise IssuerUnavailable
        if known is not self._remembered_by:
            self._remembered.clear()
            self._remembered_by = known
        return known

    def _claims(self, token: bytes, key: Key) -> Mapping[str, Any]:
        try:
            verified = self._jwt.decode_complete(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            reason = next((text for kind, text in REASONS.items() if isinstance(error, kind)), "is not valid")
            raise InvalidToken(reason) from None
        header = verified["header"]
        if "crit" in header:  # unknown extensions must not be ignored (RFC 7515 section 4.1.11)
            raise InvalidToken
        if str(header.get("typ")).lower() not in self._types:  # such as an ID token, which is for the client
            raise InvalidToken("does not have the type of an access token")
        claims: Mapping[str, Any] = verified["payload"]
        return claims

    def _principal(self, claims: Mapping[str, Any]) -> Principal:
        return Principal(
            subject=_id(claims.get(self._subject_claim)),
            client_id=_id(claims[self._client_claim]),
            scopes=_scopes(claims.get(self._scope_claim, "")),
        )

    def _remember(self, digest: bytes, principal: Principal, *, expires: int) -> None:
        # Take the smaller one first: a token may expire at 10 ** 400, which does not fit into a float.
        until = float(min(expires, self._clock() + REMEMBERED_SECONDS))
        self._remembered.pop(digest, None)
        if len(self._remembered) >= MOST_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]  # the oldest one
        self._remembered[digest] = (until, principal)


def _key_id(token: bytes) -> str | None:
    """Return the key ID from the unverified header, or None if there is none. Raises `InvalidToken`."""
    try:
        header = orjson.loads(base64url_decode(token.partition(b".")[0]))
        key_id = header.get("kid")
    except (ValueError, AttributeError):
        raise InvalidToken from None
    if key_id is not None and not isinstance(key_id, str):
        raise InvalidToken
    return key_id


def _scopes(value: object) -> frozenset[str]:
    """Return the scopes from a string (RFC 9068), a list, or the keys of an object, as some issuers send roles."""
    if isinstance(value, str):
        value = value.split(" ")
    if not isinstance(value, list | dict) or not all(isinstance(name, str) for name in value):
        raise InvalidToken
    return frozenset(value) - {""}


def _id(value: object) -> str:
    """Return a value that is safe to store, compare and log. Raises `InvalidToken`."""
    if isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value.isprintable():
        return value
    raise InvalidToken
