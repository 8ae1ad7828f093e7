"""Fakes for what is slow: password hashing and signing."""

from datetime import datetime, timedelta

from accounts_service.core.cryptography.passwords import HashingBusy
from accounts_service.core.entities.signing_keys import NoSigningKey, SigningKey
from accounts_service.core.entities.tokens import Claims

from ..repositories.accounts import NOW


class Clock:
    """A clock that can be moved forward."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time

    def passes(self, **time: float) -> None:
        self.time += timedelta(**time)


class PlainPasswords:
    """`Passwords` in plain text; `busy` makes it refuse, `prefix` marks up-to-date hashes."""

    def __init__(self) -> None:
        self.busy = False
        self.prefix = "plain:"
        self.asked: list[str | None] = []

    async def hash(self, password: str) -> str:
        if self.busy:
            raise HashingBusy
        return self.prefix + password

    async def verify(self, password_hash: str | None, password: str | None) -> bool:
        self.asked.append(password_hash)
        if self.busy:
            raise HashingBusy
        return password_hash is not None and password is not None and password_hash.split(":", 1)[1] == password

    def is_outdated(self, password_hash: str) -> bool:
        return not password_hash.startswith(self.prefix)


class PlainSigner:
    """A `Signer` whose tokens are readable."""

    def __init__(self) -> None:
        self.made = 0
        self.is_locked = False

    def new_key(self, *, signs_from: datetime) -> SigningKey:
        self.made += 1
        return SigningKey(id=f"key {self.made}", public_jwk="{}", sealed_private_key=b"", signs_from=signs_from)

    def check(self, key: SigningKey) -> None:
        if self.is_locked:
            raise NoSigningKey(key.id)

    def sign(self, claims: Claims, key: SigningKey) -> str:
        return f"{key.id}|{claims.subject}|{claims.client_id}|{' '.join(sorted(claims.scopes))}"
