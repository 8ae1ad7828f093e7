"""Token signing."""

from datetime import datetime
from typing import Protocol

from ..entities.signing_keys import SigningKey
from ..entities.tokens import Claims


class Signer(Protocol):
    """Creates keys and signs with them."""

    def new_key(self, *, signs_from: datetime) -> SigningKey:
        """Return a new key pair with an encrypted private key."""

    def check(self, key: SigningKey) -> None:
        """Raise NoSigningKey if the private key cannot be decrypted."""

    def sign(self, claims: Claims, key: SigningKey) -> str:
        """Return the token. Raises NoSigningKey if the private key cannot be decrypted."""
