"""Create access tokens."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from ..cryptography.signing import Signer
from ..entities.signing_keys import SigningKey
from ..entities.tokens import Claims, Grant
from .signing_keys import SigningKeys


class AccessTokens:
    """Tokens of one issuer for one audience."""

    def __init__(
        self,
        *,
        keys: SigningKeys,
        signer: Signer,
        issuer: str,
        audience: str,
        life: timedelta,
        new_id: Callable[[], UUID],
        now: Callable[[], datetime],
    ) -> None:
        self._keys = keys
        self._signer = signer
        self._issuer = issuer
        self._audience = audience
        self._life = life
        self._new_id = new_id
        self._now = now

    async def signing_key(self) -> SigningKey:
        """Return the key for the next token. Raises NoSigningKey, so call it before any other change."""
        return await self._keys.signing()

    def grant(
        self,
        key: SigningKey,
        *,
        subject: str,
        client_id: str,
        scopes: frozenset[str] = frozenset(),
        refresh_token: str | None = None,
    ) -> Grant:
        """Return an access token and its details. Raises NoSigningKey if the key cannot be used."""
        now = self._now()
        claims = Claims(
            issuer=self._issuer,
            audience=self._audience,
            subject=subject,
            client_id=client_id,
            scopes=scopes,
            token_id=self._new_id(),
            issued_at=now,
            expires_at=now + self._life,
        )
        return Grant(
            access_token=self._signer.sign(claims, key),
            expires_in=self._life,
            scopes=scopes,
            refresh_token=refresh_token,
        )
