"""What is needed to sign tokens."""

from datetime import datetime
from typing import Protocol

from ..entities.signing_keys import SigningKey
from ..entities.tokens import Claims


class Signer(Protocol):
    """Makes and uses keys."""

    def new_key(self, *, signs_from: datetime) -> SigningKey:
        """A fresh key pair, the private half encrypted."""

    def check(self, key: SigningKey) -> None:
        """Raise NoSigningKey if the private half cannot be decrypted."""

    def sign(self, claims: Claims, key: SigningKey) -> str:
        """The token, or NoSigningKey as above."""
