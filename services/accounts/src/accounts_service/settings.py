"""The settings of this service: those of the chassis, and its own."""

import hashlib
from typing import Annotated, Final
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from chassis.settings import ChassisSettings, Seconds
from chassis.settings.types import Issuer

from . import IDENTITY

DEVELOPMENT_SECRETS: Final = frozenset({"only for development, as everybody knows this secret"})
"""The secrets in development.env, of keys and of clients."""
DEVELOPMENT_HASHES: Final = frozenset(hashlib.sha256(secret.encode()).hexdigest() for secret in DEVELOPMENT_SECRETS)
HASH_OF_NOTHING: Final = hashlib.sha256(b"").hexdigest()


class ClientSettings(BaseModel):
    """A service that may get tokens for itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    secret_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    scopes: frozenset[Annotated[str, Field(pattern=r"^[!#-\[\]-~]+$")]]  # RFC 6749 section 3.3


class Settings(ChassisSettings):
    """The issuer, the lifetime of tokens, and the limits of password guesses."""

    identity = IDENTITY

    auth_issuer: Issuer = Field(
        min_length=1,
        description="Issuer of access tokens: the URL at which everyone reaches this service, that of the gateway.",
    )
    access_token_life: int = Field(600, ge=60, le=3600, description="Seconds until an access token expires.")
    session_life: int = Field(
        30 * 86_400, ge=600, le=366 * 86_400, description="Seconds until a session ends, even if it is refreshed."
    )
    key_encryption_secret: SecretStr = Field(
        min_length=32, description="Encrypts the private signing keys in the database; 32 random bytes in Base64."
    )
    clients: dict[str, ClientSettings] = Field(
        {},
        description="Services that may get tokens for themselves, as JSON: "
        '`{"friends": {"secret_sha256": "…", "scopes": ["users:exists"]}}`.',
    )
    password_hashing_concurrency: PositiveInt = Field(
        2, description="Passwords checked at the same time; each takes 19 MiB and a CPU."
    )
    password_hashing_wait: Seconds = Field(
        2.0, description="Seconds a password may wait for its turn before responding 503."
    )
    registrations_per_address: PositiveInt = Field(
        100, description="Registrations from one address in 15 minutes before responding 429."
    )
    login_failures_per_address: PositiveInt = Field(
        100, description="Wrong passwords from one address in 15 minutes before responding 429."
    )
    login_failures_per_account: PositiveInt = Field(
        100, description="Wrong passwords for one account from new addresses in 15 minutes before responding 429."
    )
    login_failures_per_account_and_address: PositiveInt = Field(
        20, description="Wrong passwords for one account from one address in 15 minutes before responding 429."
    )

    @field_validator("key_encryption_secret")
    @classmethod
    def _refuse_the_secret_of_development(cls, secret: SecretStr, others: ValidationInfo) -> SecretStr:
        if others.data.get("environment") == "production" and secret.get_secret_value() in DEVELOPMENT_SECRETS:
            raise ValueError("is the one for development, which ENVIRONMENT=production refuses")
        return secret

    @field_validator("clients")
    @classmethod
    def _check_clients(cls, clients: dict[str, ClientSettings], others: ValidationInfo) -> dict[str, ClientSettings]:
        for name, client in clients.items():
            if not name or not name.isascii() or not name.isprintable() or _is_id(name):
                raise ValueError("the ID of a client must be a short name, and not a UUID, which would be an account")
            if client.secret_sha256 == HASH_OF_NOTHING:
                raise ValueError("the secret of a client is empty")
            if others.data.get("environment") == "production" and client.secret_sha256 in DEVELOPMENT_HASHES:
                raise ValueError("a client has the secret for development, which ENVIRONMENT=production refuses")
        return clients


def _is_id(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True
